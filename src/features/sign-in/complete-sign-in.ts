import type { Clock } from '../../core/clock.js'
import { SecurityError } from '../../core/errors.js'
import type { Origin } from '../../core/events.js'
import type { AuthenticationMethod, User } from '../../core/users.js'
import type { Change, Changes } from '../../stores/sql/database.js'
import type { SessionRecord } from '../sessions/session.js'
import type { Sessions } from '../sessions/sessions.js'
import type { Wait } from '../throttle/throttle.js'

/** Why a sign-in failed, for the audit log. */
export type FailedSignIn =
  'invalid_credentials' | 'disabled' | 'credential_changed' | 'invalid_passkey' | 'cloned_passkey'

/** Somebody has proven who they are, under this epoch, by these methods. Not a session yet: it opens nothing. */
export interface Proven {
  user: User
  epoch: number
  amr: AuthenticationMethod['method'][]
  /**
   * Uses up what has proven it, in the transaction that registers the session: throws when somebody else was first, and
   * then there is no session.
   */
  settle?: (change: Change) => Promise<void>
}

export interface Arrival {
  remember: boolean
  origin: Origin
  /** Public id of the live session of the same browser. */
  replaces: string | null
  /** The token by which this browser says that a user trusts it, or null. */
  trustToken: (userId: string) => string | null
  /** True where a user is known in other browsers, and not in this one. */
  isNewDevice: (userId: string) => Promise<boolean>
}

/** What is still owed before a sign-in is complete: the second factor, or to have one at all. */
export type Owed = 'second_factor' | 'enrolment'

/** What a gate answers, where it does not simply let pass. `trusted`: nothing is owed, but nothing fresh was proven either. */
export interface GateAnswer {
  owes?: Owed
  trusted?: boolean
}

/** Registers the session under an id (SHA-256 of it). */
export type Register = (idHash: string) => Promise<SessionRecord>

/** A feature's say in a sign-in: it lets the user pass, says what is owed first, or throws why not. */
export type Gate = (proven: Proven, arrival: Pick<Arrival, 'trustToken'>) => Promise<GateAnswer> | GateAnswer

const PASSES: GateAnswer = {}
const NO_TRUST = { trustToken: () => null }

/** An account that the host has disabled enters by no door. */
export const accountEnabled: Gate = ({ user }) => {
  if (user.disabled) throw new SecurityError('invalid_credentials')
  return PASSES
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
   * Gates first; when nothing is owed, `carry` gives the browser a new id and registers it. Throws `invalid_credentials`
   * when the credential has changed since it was verified.
   */
  async complete<T>(
    proven: Proven,
    arrival: Arrival,
    carry: (register: Register) => Promise<T>,
  ): Promise<{ owes: Owed } | { owes: null; done: T }> {
    const { owes, trusted } = await this.#ask(proven, arrival)
    if (owes) return { owes }
    return { owes: null, done: await carry((idHash) => this.#register(proven, arrival, { idHash, trusted })) }
  }

  async #ask(proven: Proven, arrival: Pick<Arrival, 'trustToken'>): Promise<{ owes: Owed | null; trusted: boolean }> {
    let trusted = false
    for (const gate of this.#gates) {
      const answer = await gate(proven, arrival)
      if (answer.owes) return { owes: answer.owes, trusted: false }
      trusted ||= answer.trusted === true
    }
    return { owes: null, trusted }
  }

  async #register(
    proven: Proven,
    arrival: Arrival,
    { idHash, trusted }: { idHash: string; trusted: boolean },
  ): Promise<SessionRecord> {
    const at = this.#clock.now()
    const userId = proven.user.id
    const newDevice = await arrival.isNewDevice(userId)
    const amr = proven.amr.map((method) => ({ method, at }))
    const session = { ...proven, ...arrival, idHash, amr, unproven: trusted }
    const record = await this.#sessions.begin(session, async (change, sessionId) => {
      await proven.settle?.(change)
      await change.record<'auth.sign_in_succeeded'>({
        action: 'auth.sign_in_succeeded',
        actor: { type: 'user', id: userId },
        userId,
        outcome: 'success',
        occurredAt: at,
        origin: arrival.origin,
        details: { sessionId, amr: proven.amr, remembered: arrival.remember, newDevice },
      })
    })
    if (record) return record
    await this.failed('credential_changed', userId, arrival.origin)
    throw new SecurityError('invalid_credentials')
  }

  /**
   * Takes over a session of the host's that is older than the registry, under the id it has. Null when the id is known
   * already, or once the user's sessions have been revoked here: what was not taken over by then has ended with them.
   */
  async adopt(user: User, idHash: string, origin: Origin): Promise<SessionRecord | null> {
    const { owes } = await this.#ask({ user, epoch: 0, amr: [] }, NO_TRUST)
    if (owes) return null // what is owed cannot be asked for in the middle of somebody's request
    const session = {
      user,
      idHash,
      origin,
      epoch: 0,
      amr: [],
      remember: false,
      replaces: null,
      adopts: true,
      unproven: true,
    }
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
  async failed(reason: FailedSignIn, userId: string | null, origin: Origin, wait: Wait | null = null): Promise<void> {
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
