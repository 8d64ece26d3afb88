import { randomToken } from '../../core/crypto.js'
import { NO_ORIGIN } from '../../core/events.js'
import { putTombstone } from './bury.js'
import type { SessionCore } from './core.js'
import { copy, lease, parseHotValue } from './hot-value.js'
import type { Found } from './records.js'
import { isOverdue, type Decision, type SessionRecord } from './session.js'

/** Any value is safe: a lease that runs out leads the next check to SQL. */
const LEASE_MS = 5_000
/** Any value is safe here too: a copy that runs out is filled again. */
const COPY_MS = 3_600_000

/** What Redis said (2a). `text` is undefined when it said nothing in time. */
interface Seen {
  text?: string | null
  /** Null while nobody has confirmed the node: then nothing is written there either. */
  identity?: string | null
  believed?: SessionRecord
  /** A copy that only the age of our own tail keeps from being believed. */
  fallback?: SessionRecord
}

/** Step 2: is this session id alive? Never throws; the answer may be "unavailable". */
export async function check(core: SessionCore, idHash: string): Promise<Decision> {
  let seen: Seen = {}
  if (core.hot) {
    const hot = await readHot(core, idHash)
    if ('kind' in hot) return hot
    if (hot.believed) return { kind: 'live', record: hot.believed }
    seen = hot
  }
  // a lease would overwrite the very copy that is to be believed when SQL cannot be reached
  const taken = seen.fallback ? null : await takeLease(core, idHash, seen)
  let found: Found
  try {
    found = await findRow(core, idHash)
  } catch (cause) {
    // SQL cannot be reached, so nothing can be revoked, and a revocation made elsewhere has put its tombstone into
    // this very Redis: a copy stamped with its confirmed identity still holds. Not in strict mode, which promises more.
    if (seen.fallback && core.acknowledge === 'fast') return { kind: 'live', record: seen.fallback }
    core.report(cause)
    return { kind: 'unavailable', cause }
  }
  if (found.kind === 'dead') {
    // (d); a Redis that has just not answered would only make the refusal wait once more
    const mayBeAdopted = found.reason === 'unknown' && core.adopts?.() === true
    if (seen.text !== undefined && !mayBeAdopted) await quietly(core, () => putTombstone(core, idHash, found.reason))
    return { kind: 'dead', reason: found.reason }
  }
  if (taken) {
    const { token, identity } = taken
    await quietly(core, () => core.hot!.compareAndSet(idHash, token, copy(identity, found.record), COPY_MS)) // (e)
  }
  return { kind: 'live', record: found.record }
}

/** (a) The answer counts only under an identity confirmed on the connection that gave it; a tombstone counts always. */
async function readHot(core: SessionCore, idHash: string): Promise<Seen | Decision> {
  let reply
  try {
    reply = await core.hot!.read(idHash)
  } catch {
    return {}
  }
  const value = parseHotValue(reply.value)
  if (value.kind === 'tombstone') return { kind: 'dead', reason: value.reason }
  const seen: Seen = { text: reply.value, identity: reply.identity }
  if (value.kind !== 'copy' || reply.identity === null || value.stamp !== reply.identity) return seen
  if (core.tail.remembers(idHash) || isOverdue(value.record, core.clock.now())) return seen
  if (core.tail.isFresh()) seen.believed = value.record
  else seen.fallback = value.record
  return seen
}

/** (b) Unless someone's lease is there: what was read becomes mine; the identity of that moment will stamp the copy. */
async function takeLease(core: SessionCore, idHash: string, seen: Seen) {
  if (!core.hot || seen.text === undefined || !seen.identity || parseHotValue(seen.text).kind === 'lease') return null
  const token = lease(randomToken(12))
  try {
    const { value: taken, identity } = await core.hot.compareAndSet(idHash, seen.text, token, LEASE_MS)
    return taken && identity !== null ? { token, identity } : null
  } catch {
    return null
  }
}

/** (c) The row, from the primary. One that is past a limit is ended first, so that a death by time is as final as any. */
async function findRow(core: SessionCore, idHash: string): Promise<Found> {
  const found = await core.records.find(idHash)
  if (found.kind !== 'overdue') return found
  const at = core.clock.now()
  const { ended, endedSessions } = await core.changes.expire(found.record.publicId, {
    reason: 'expired',
    at,
    actor: { type: 'system' },
    origin: NO_ORIGIN,
  })
  if (ended) await core.broadcast(endedSessions)
  const now = await core.records.find(idHash)
  return now.kind === 'overdue' ? { kind: 'dead', reason: 'expired' } : now
}

async function quietly(core: SessionCore, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    core.report(error)
  }
}
