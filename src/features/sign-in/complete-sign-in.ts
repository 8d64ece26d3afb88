import type { Clock } from '../../core/clock.js'
import { SecurityError } from '../../core/errors.js'
import type { Origin } from '../../core/events.js'
import type { AuthenticationMethod, User } from '../../core/users.js'
import type { Changes } from '../../stores/sql/database.js'
import type { SessionRecord } from '../sessions/session.js'
import type { Sessions } from '../sessions/sessions.js'
import type { Wait } from '../throttle/throttle.js'

/** Somebody has proven who they are, under this epoch, by these methods. Not a session yet: it opens nothing. */
export interface Proven {
  user: User
  epoch: number
  amr: AuthenticationMethod['method'][]
}

export interface Arrival {
  remember: boolean
  origin: Origin
  /** Public id of the live session of the same browser. */
  replaces: string | null
}

/** Registers the session under an id (SHA-256 of it). */
export type Register = (idHash: string) => Promise<SessionRecord>

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

  /**
   * Gates first, then `carry` gives the browser a new id and registers it. Throws `invalid_credentials` when the
   * credential has changed since it was verified.
   */
  async complete<T>(proven: Proven, arrival: Arrival, carry: (register: Register) => Promise<T>): Promise<T> {
    for (const gate of this.#gates) await gate(proven)
    return carry((idHash) => this.#register(proven, arrival, idHash))
  }

  async #register(proven: Proven, arrival: Arrival, idHash: string): Promise<SessionRecord> {
    const at = this.#clock.now()
    const userId = proven.user.id
    const amr = proven.amr.map((method) => ({ method, at }))
    const record = await this.#sessions.begin({ ...proven, ...arrival, idHash, amr }, (change, sessionId) =>
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
   * Takes over a session of the host's that is older than the registry, under the id it has. Null when the id is known
   * already, or once the user's sessions have been revoked here: what was not taken over by then has ended with them.
   */
  async adopt(user: User, idHash: string, origin: Origin): Promise<SessionRecord | null> {
    for (const gate of this.#gates) await gate({ user, epoch: 0, amr: [] })
    const session = { user, idHash, origin, epoch: 0, amr: [], remember: false, replaces: null, adopts: true }
    return this.#sessions.begin(session, (change, sessionId) =>
      change.record<'auth.session_adopted'>({
        action: 'auth.session_adopted',
        actor: { type: 'host' },
        userId: user.id,
        outcome: 'success',
        occurredAt: this.#clock.now(),
        origin,
        details: { sessionId },
      }),
    )
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
