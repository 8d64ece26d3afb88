import { SecurityError } from '../../core/errors.js'
import type { AuthenticationMethod, User, UserDirectory } from '../../core/users.js'
import type { OneTimeSecrets } from '../one-time-secrets/one-time-secrets.js'
import type { Owed, Proven } from './complete-sign-in.js'

/** So long after the first proof the second one may come. */
export const HALF_FINISHED_MS = 600_000
/** So many wrong codes, and the password has to be typed again (invariant 4). */
const ATTEMPTS = 5
const PURPOSE = 'half_finished_sign_in'

/** Somebody who has proven the first half of who they are. Its own type: it opens nothing (invariant 2). */
export interface HalfFinished {
  token: string
  /** Hash of the token, by which what it owns is known. */
  id: string
  user: User
  epoch: number
  amr: AuthenticationMethod['method'][]
  owes: Owed
  remember: boolean
  returnTo: string | null
}

interface Parts {
  secrets: OneTimeSecrets
  users: UserDirectory
  credentialOf: (userId: string) => Promise<{ epoch: number; disabled: boolean }>
  hasPasskey: (userId: string) => Promise<boolean>
}

/** Half-finished sign-ins, between the first proof and the second. */
export class HalfFinishedSignIns {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Keeps what was proven; returns the token for the browser. */
  async begin(
    { user, epoch, amr }: Proven,
    rest: { owes: Owed; remember: boolean; returnTo: string | null },
  ): Promise<string> {
    const content = { epoch, amr, ...rest }
    return this.#parts.secrets.create(PURPOSE, { userId: user.id, content, ttlMs: HALF_FINISHED_MS })
  }

  /**
   * Null: there is none, it has taken too long, too many codes were wrong, or its user was disabled or has another
   * password or factor since; no code is used up for what could not become a session. Who was to set up a first factor,
   * and has a passkey by now, begins anew: that one is asked for.
   */
  async find(token: string): Promise<HalfFinished | null> {
    const found = await this.#parts.secrets.find(PURPOSE, token)
    if (!found?.userId || found.attempts >= ATTEMPTS) return null
    const { epoch, disabled } = await this.#parts.credentialOf(found.userId)
    if (disabled || epoch !== found.content.epoch) return null
    if (found.content.owes === 'enrolment' && (await this.#parts.hasPasskey(found.userId))) return null
    const user = await this.#parts.users.findById(found.userId)
    if (!user || user.disabled) return null
    return { token, id: found.tokenHash, user, ...found.content }
  }

  /**
   * Makes an attempt at the second proof, which is counted before. One that nobody looked at, because there is to wait or
   * no room, is given back. Throws `challenge_void` after too many.
   */
  async attempt<T>({ token }: HalfFinished, verify: () => Promise<T>): Promise<T> {
    const { secrets } = this.#parts
    if (!(await secrets.countAttempt(PURPOSE, token, ATTEMPTS))) throw new SecurityError('challenge_void')
    try {
      return await verify()
    } catch (error) {
      if (isUnseen(error)) await secrets.giveAttemptBack(PURPOSE, token)
      throw error
    }
  }

  /** What is proven once the second proof is there. It is used up with the registration of the session: once. */
  proven(
    half: HalfFinished,
    method: AuthenticationMethod['method'],
    settle?: Proven['settle'],
    epoch = half.epoch,
  ): Proven {
    return {
      user: half.user,
      epoch,
      amr: [...half.amr.filter((each) => each !== method), method],
      settle: async (change) => {
        if (!(await this.#parts.secrets.consume(change.tx, PURPOSE, half.token)))
          throw new SecurityError('challenge_void')
        await settle?.(change)
      },
    }
  }
}

const isUnseen = (error: unknown): boolean =>
  error instanceof SecurityError && (error.code === 'too_many_requests' || error.code === 'busy')
