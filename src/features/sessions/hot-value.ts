import { isSessionReason, type SessionReason } from '../../core/reasons.js'
import type { SessionRecord } from './session.js'

/** Step 1: a hot key holds nothing, a tombstone, a lease (random token) or a copy that names the node it was filled on. */
export type HotValue =
  | { kind: 'nothing' }
  | { kind: 'tombstone'; reason: SessionReason }
  | { kind: 'lease' }
  | { kind: 'copy'; stamp: string; record: SessionRecord }

export const tombstone = (reason: SessionReason): string => `x:${reason}`
export const lease = (token: string): string => `l:${token}`
export const copy = (stamp: string, record: SessionRecord): string => `c:${stamp}:${JSON.stringify(record)}`

/** Reads a hot key. What cannot be read is nothing, and leads to SQL. */
export function parseHotValue(text: string | null): HotValue {
  if (text === null) return { kind: 'nothing' }
  if (text.startsWith('x:')) {
    const reason = text.slice(2)
    return { kind: 'tombstone', reason: isSessionReason(reason) ? reason : 'revoked' }
  }
  if (text.startsWith('l:')) return { kind: 'lease' }
  const colon = text.indexOf(':', 2)
  if (!text.startsWith('c:') || colon < 0) return { kind: 'nothing' }
  try {
    return { kind: 'copy', stamp: text.slice(2, colon), record: JSON.parse(text.slice(colon + 1)) as SessionRecord }
  } catch {
    return { kind: 'nothing' }
  }
}
