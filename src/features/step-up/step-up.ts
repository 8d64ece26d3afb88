import type { Clock } from '../../core/clock.js'
import type { Change, Changes } from '../../stores/sql/database.js'
import type { Passwords } from '../passwords/passwords.js'
import type { Proof } from '../sessions/record-changes.js'
import type { SessionRecord } from '../sessions/session.js'
import type { By } from '../sessions/sessions.js'

/** What a step-up has shown: the session's methods with the fresh one, and how to write it down. */
export interface FreshProof extends Proof {
  record: (change: Change) => Promise<void>
}

/** A fresher proof for one action (RFC 9470). The password stands alone for users without a second factor. */
export class StepUp {
  readonly #passwords: Passwords
  readonly #changes: Changes
  readonly #clock: Clock

  constructor(passwords: Passwords, changes: Changes, clock: Clock) {
    this.#passwords = passwords
    this.#changes = changes
    this.#clock = clock
  }

  /** Null when the password is wrong; that is written down too. Throws `too_many_requests` after too many of them. */
  async byPassword(session: SessionRecord, password: string, by: By): Promise<FreshProof | null> {
    const epoch = await this.#passwords.verifyOwn(session, password)
    const at = this.#clock.now()
    const common = { userId: session.userId, occurredAt: at, ...by }
    const sessionId = session.publicId
    if (epoch === null) {
      await this.#changes.run(({ record }) =>
        record<'auth.step_up_failed'>({
          action: 'auth.step_up_failed',
          outcome: 'failure',
          details: { sessionId },
          ...common,
        }),
      )
      return null
    }
    return {
      userId: session.userId,
      epoch,
      amr: [...session.amr.filter((each) => each.method !== 'pwd'), { method: 'pwd', at }],
      authenticatedAt: at,
      record: ({ record }) =>
        record<'auth.step_up_passed'>({
          action: 'auth.step_up_passed',
          outcome: 'success',
          details: { sessionId, amr: ['pwd'] },
          ...common,
        }),
    }
  }
}
