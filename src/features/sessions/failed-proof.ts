import type { Clock } from '../../core/clock.js'
import type { Changes } from '../../stores/sql/database.js'
import type { SessionRecord } from './session.js'
import type { By } from './sessions.js'

/** Writes down that somebody with this session could not prove to be its user: at a step-up, or with the current password. */
export async function writeFailedProof(
  { changes, clock }: { changes: Changes; clock: Clock },
  { userId, publicId }: Pick<SessionRecord, 'userId' | 'publicId'>,
  by: By,
): Promise<void> {
  const occurredAt = clock.now()
  await changes.run(({ record }) =>
    record<'auth.step_up_failed'>({
      action: 'auth.step_up_failed',
      userId,
      outcome: 'failure',
      occurredAt,
      details: { sessionId: publicId },
      ...by,
    }),
  )
}
