import type { SessionReason } from '../../core/reasons.js'
import type { AuthenticationMethod } from '../../core/users.js'
import type { SessionRow } from '../../stores/sql/schema.js'

/** What is known of a live session. All times are milliseconds since the epoch. */
export interface SessionRecord {
  publicId: string
  userId: string
  email: string
  name: string
  amr: AuthenticationMethod[]
  createdAt: number
  authenticatedAt: number
  expiresAt: number
  /** Milliseconds without a request after which it ends; null: only the absolute limit. */
  idleMs: number | null
  /** As of the moment the record was read; written at most once a minute. */
  lastActiveAt: number
}

/** The answer to "is this session id alive?". `unavailable`: no store could tell, so nobody is let in or signed out. */
export type Decision =
  | { kind: 'anonymous' }
  | { kind: 'live'; record: SessionRecord }
  | { kind: 'dead'; reason: SessionReason }
  | { kind: 'unavailable'; cause: unknown }

export const ANONYMOUS: Decision = { kind: 'anonymous' }

export function recordOf(row: SessionRow): SessionRecord {
  return {
    publicId: row.public_id,
    userId: row.user_id,
    email: row.email,
    name: row.name,
    amr: JSON.parse(row.amr) as AuthenticationMethod[],
    createdAt: row.created_at,
    authenticatedAt: row.authenticated_at,
    expiresAt: row.expires_at,
    idleMs: row.idle_ms,
    lastActiveAt: row.last_active_at,
  }
}

/** True once the absolute or the idle limit has passed at `now`. */
export function isOverdue(record: Pick<SessionRecord, 'expiresAt' | 'idleMs' | 'lastActiveAt'>, now: number): boolean {
  return now >= record.expiresAt || (record.idleMs !== null && now >= record.lastActiveAt + record.idleMs)
}
