import { acknowledge } from './acknowledge.js'
import { bury } from './bury.js'
import type { SessionCore } from './core.js'
import type { Ending } from './ending.js'
import type { Aftermath, RevokeWhere } from './record-changes.js'
import type { ChangeWhere } from './keep-session.js'
import type { SessionRecord } from './session.js'
import type { Change } from '../../stores/sql/database.js'

/** Step 4, revoke and sign out. Buries and acknowledges even when somebody else had ended the session before. */
export async function revoke(core: SessionCore, where: RevokeWhere, ending: Ending) {
  const outcome = await core.changes.revoke(where, ending)
  await finish(core, outcome)
  return { found: outcome.found, ended: outcome.ended }
}

/** Step 5, change, disable, revoke all. False: the credential it rests on has changed meanwhile, so nothing was done. */
export async function change(
  core: SessionCore,
  where: ChangeWhere,
  ending: Ending,
  work: (change: Change, ended: number) => Promise<void> = async () => {},
): Promise<{ done: boolean; ended: number; epoch: number; kept: SessionRecord | null }> {
  const outcome = await core.changes.change(where, ending, work)
  if (!outcome) return { done: false, ended: 0, epoch: 0, kept: null }
  await finish(core, outcome)
  return { done: true, ended: outcome.endedSessions.length, epoch: outcome.epoch, kept: outcome.kept }
}

/** After the commit: bury every dead id, tell every process, and only then say that it is done. */
export async function finish(core: SessionCore, aftermath: Aftermath): Promise<void> {
  const committedAt = core.clock.monotonic()
  const confirmed = await bury(core, aftermath.deadIds)
  await Promise.all([
    core.broadcast(aftermath.endedSessions),
    core.dropData(aftermath.deadIds.map((each) => each.idHash)),
  ])
  await acknowledge(core, committedAt, confirmed)
}
