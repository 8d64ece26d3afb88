import type { SessionReason } from '../../core/reasons.js'
import type { SessionCore } from './core.js'
import type { DeadId } from './ending.js'
import { tombstone } from './hot-value.js'

/** No safety in it (step 10): when it has run out, the next check reads SQL. A minute saves most of those reads. */
const TOMBSTONE_MS = 60_000

/** A tombstone always wins over anything there. Throws when it was not written; false when by a node that nobody has confirmed. */
export async function putTombstone(core: SessionCore, idHash: string, reason: SessionReason): Promise<boolean> {
  const reply = await core.hot?.put(idHash, tombstone(reason), TOMBSTONE_MS)
  return reply?.identity != null
}

/** Step 0, to bury: the tombstone first, then the mark in SQL. False when Redis did not confirm every one; the sweep finishes it. */
export async function bury(core: SessionCore, ids: readonly DeadId[]): Promise<boolean> {
  if (ids.length === 0 || !core.hot) return true // where SQL alone serves, no process may believe anything else
  const results = await Promise.allSettled(ids.map(({ idHash, reason }) => putTombstone(core, idHash, reason)))
  if (!results.every((each) => each.status === 'fulfilled' && each.value)) return false
  try {
    await core.records.markBuried(ids.map((each) => each.idHash))
  } catch (error) {
    core.report(error) // the tombstones stand; the sweep will find the ids unmarked and bury them once more
  }
  return true
}
