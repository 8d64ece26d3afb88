import type { Clock } from '../../core/clock.js'
import { SecurityError } from '../../core/errors.js'
import type { Origin } from '../../core/events.js'
import { userIdOf, type AuthenticationMethod, type HostUser } from '../../core/users.js'
import type { Changes } from '../../stores/sql/database.js'
import type { SessionRecord } from '../sessions/session.js'
import type { Sessions } from '../sessions/sessions.js'
import type { Wait } from '../throttle/throttle.js'

/** Somebody has proven who they are, under this epoch, by these methods. Not a session yet: it opens nothing. */
export interface Proven {
  user: HostUser
  epoch: number
  amr: AuthenticationMethod['method'][]
}

export interface Arrival {
  /** SHA-256 of the new session id. */
  idHash: string
  remember: boolean
  origin: Origin
  /** Public id of the live session of the same browser. */
  replaces: string | null
}

/** A feature's say in a sign-in: it lets the user pass, or throws why not. */
export type Gate = (proven: Proven) => Promise<void> | void

/** An account that the host has disabled enters by no door. */
export const accountEnabled: Gate = ({ user }) => {
  if (user.disabled) throw new SecurityError('invalid_credentials')
}

/** The one door (invariant 2): every way of signing in ends here, whatever proved the identity. */
export class SignIn {
  readonly #sessions: Sessions
  readonly #changes: Changes
  readonly #clock: Clock
  readonly #gates: readonly Gate[]

  constructor(sessions: Sessions, changes: Changes, clock: Clock, gates: readonly Gate[]) {
    this.#sessions = sessions
    this.#changes = changes
    this.#clock = clock
    this.#gates = gates
  }

  /** Gates, new session under a new id, event. Throws `invalid_credentials` when the credential has changed since it was verified. */
  async complete(proven: Proven, arrival: Arrival): Promise<SessionRecord> {
    for (const gate of this.#gates) await gate(proven)
    const at = this.#clock.now()
    const userId = userIdOf(proven.user)
    const amr = proven.amr.map((method) => ({ method, at }))
    const record = await this.#sessions.begin({ ...proven, ...arrival, amr }, (change, sessionId) =>
      change.record<'auth.sign_in_succeeded'>({
        action: 'auth.sign_in_succeeded',
        actor: { type: 'user', id: userId },
        userId,
        outcome: 'success',
        occurredAt: at,
        origin: arrival.origin,
        details: { sessionId, amr: proven.amr, remembered: arrival.remember },
      }),
    )
    if (record) return record
    await this.failed('credential_changed', userId, arrival.origin)
    throw new SecurityError('invalid_credentials')
  }

  /**
   * Writes down a sign-in that failed, and the wait that begins with it; attempts that are refused while it lasts write
   * nothing, so that a flood fills no table. Called after the answer, so that the answer's time tells nothing (invariant 5).
   */
  async failed(
    reason: 'invalid_credentials' | 'disabled' | 'credential_changed',
    userId: string | null,
    origin: Origin,
    wait: Wait | null = null,
  ): Promise<void> {
    const common = {
      action: 'auth.sign_in_failed',
      actor: { type: 'visitor' },
      userId,
      outcome: 'failure',
      occurredAt: this.#clock.now(),
      origin,
    } as const
    await this.#changes.run(async ({ record }) => {
      // not the e-mail as typed: people type passwords there
      await record<'auth.sign_in_failed'>({ ...common, details: { reason } })
      if (wait) await record<'auth.sign_in_failed'>({ ...common, details: { reason: 'throttled', ...wait } })
    })
  }
}
