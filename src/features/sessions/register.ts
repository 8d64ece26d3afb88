import type { Change } from '../../stores/sql/database.js'
import type { SessionCore } from './core.js'
import type { Ending } from './ending.js'
import type { Registration } from './record-changes.js'
import { finish } from './revoke.js'
import { recordOf, type SessionRecord } from './session.js'

/**
 * Step 6, the end of a sign-in: inserts the session while the epoch is still the one its credential was read under,
 * buries whom the cap has evicted, and only then may `Set-Cookie` be sent. No hot copy is written: the first check
 * fills it. Null: the credential has changed meanwhile.
 */
export async function register(
  core: SessionCore,
  registration: Registration,
  ending: Omit<Ending, 'reason'>,
  work: (change: Change) => Promise<void>,
): Promise<SessionRecord | null> {
  const aftermath = await core.changes.register(registration, ending, work)
  if (!aftermath) return null
  await finish(core, aftermath)
  return recordOf({ ...registration.row, ended_at: null, end_reason: null })
}
