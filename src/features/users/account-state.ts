import type { Clock } from '../../core/clock.js'
import type { Changes } from '../../stores/sql/database.js'
import { BY_HOST, type Sessions } from '../sessions/sessions.js'
import { ensureUser, setDisabled } from './users.js'

/** Disabling and enabling accounts, for the host's own code. */
export class AccountState {
  readonly #sessions: Sessions
  readonly #changes: Changes
  readonly #clock: Clock

  constructor(sessions: Sessions, changes: Changes, clock: Clock) {
    this.#sessions = sessions
    this.#changes = changes
    this.#clock = clock
  }

  /** Ends all sessions of a user and refuses new ones, whatever the host's own table says. Returns how many ended. */
  async disable(userId: string): Promise<number> {
    const outcome = await this.#sessions.changeCredential(
      { userId },
      'disabled',
      BY_HOST,
      async ({ tx, record }, count) => {
        const at = this.#clock.now() // not before the sessions have ended, so that lists tell both in one order
        await setDisabled(tx, userId, at)
        await record<'auth.user_disabled'>({
          action: 'auth.user_disabled',
          userId,
          outcome: 'success',
          occurredAt: at,
          details: { sessionsRevoked: count },
          ...BY_HOST,
        })
      },
    )
    return outcome?.ended ?? 0
  }

  /** Lets a disabled user sign in again. */
  async enable(userId: string): Promise<void> {
    await this.#changes.run(async ({ tx, record }) => {
      await ensureUser(tx, userId)
      await setDisabled(tx, userId, null)
      await record<'auth.user_enabled'>({
        action: 'auth.user_enabled',
        userId,
        outcome: 'success',
        occurredAt: this.#clock.now(),
        details: {},
        ...BY_HOST,
      })
    })
  }
}
