import type { Proof } from './keep-session.js'
import type { Change } from '../../stores/sql/database.js'
import { finish } from './revoke.js'
import type { SessionCore } from './core.js'
import type { SessionRecord } from './session.js'

/** Step 7: the session goes on under a new id. Null: it had ended, or another request was first; then no cookie may be sent. */
export async function rotate(
  core: SessionCore,
  ids: { from: string; to: string },
  proof: Proof | null = null,
  work: (change: Change) => Promise<void> = async () => {},
): Promise<SessionRecord | null> {
  const record = await core.changes.rotate(ids, core.clock.now(), proof, work)
  if (!record) return null
  await finish(core, { deadIds: [{ idHash: ids.from, reason: 'rotated' }], endedSessions: [] })
  return record
}
