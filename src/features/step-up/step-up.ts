import type { Clock } from '../../core/clock.js'
import { FormError } from '../../core/errors.js'
import type { AuthenticationMethod, UserDirectory } from '../../core/users.js'
import type { Change, Changes, Database } from '../../stores/sql/database.js'
import type { Passwords } from '../passwords/passwords.js'
import { writeFailedProof } from '../sessions/failed-proof.js'
import type { Proof } from '../sessions/keep-session.js'
import type { SessionRecord } from '../sessions/session.js'
import type { Enforced } from '../two-factor/gate.js'
import type { Claimant, Methods, SecondFactors, TypedFactor } from '../two-factor/second-factors.js'
import { readCredential } from '../users/users.js'

type Method = AuthenticationMethod['method']

/** What a step-up has shown: the session's methods with the fresh one, and how to write it down. */
export interface FreshProof extends Proof {
  record: (change: Change) => Promise<void>
  /** So many recovery codes are left, where one was used. */
  left?: number
}

/** What a user can step up with. */
export interface StepUpMethods extends Methods {
  password: boolean
}

/** What was given; one of them counts, the first that is there. */
export interface TypedProof extends TypedFactor {
  password?: string | undefined
}

/** Who steps up, in which session. */
export type Stepper = Pick<Claimant, 'deviceToken' | 'by'> & { session: SessionRecord }

interface Parts {
  passwords: Passwords
  factors: SecondFactors
  users: UserDirectory
  enforced: Enforced
  db: Database
  changes: Changes
  clock: Clock
}

/** A fresher proof for one action (RFC 9470). The password stands alone for users without a second factor. */
export class StepUp {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A password is among them only where it is all that a user needs to sign in. */
  async methodsOf(userId: string): Promise<StepUpMethods> {
    const { factors, passwords } = this.#parts
    const methods = await factors.methodsOf(userId)
    const owesMore = methods.code || (methods.passkey && (await this.#isEnforced(userId)))
    return { ...methods, password: !owesMore && (await passwords.canVerify(userId)) }
  }

  async #isEnforced(userId: string): Promise<boolean> {
    const user = await this.#parts.users.findById(userId)
    return user === null || this.#parts.enforced(user)
  }

  /**
   * Verifies what was given. Throws FormError with the reason under its field, which is written down too, and
   * `too_many_requests` after too many of them. A password that does not stand alone is not looked at.
   */
  async verify(who: Stepper, given: TypedProof): Promise<FreshProof> {
    const { userId } = who.session
    // what is proven was right under this epoch: a change of credentials meanwhile makes the proof worthless
    const { epoch } = await readCredential(this.#parts.db, userId)
    try {
      const isFactor = [given.code, given.recoveryCode, given.passkey].some((each) => each !== undefined)
      return isFactor ? await this.#byFactor(who, epoch, given) : await this.#byPassword(who, given.password)
    } catch (error) {
      if (error instanceof FormError && error.code !== 'invalid_form')
        await writeFailedProof(this.#parts, who.session, who.by)
      throw error
    }
  }

  async #byFactor({ session, by, deviceToken }: Stepper, epoch: number, given: TypedFactor): Promise<FreshProof> {
    const { userId, publicId } = session
    const { method, left, settle } = await this.#parts.factors.verify(
      { userId, boundTo: publicId, by, deviceToken },
      given,
    )
    const proof = this.#proof({ session, by, method, epoch, settle })
    return left === undefined ? proof : { ...proof, left }
  }

  async #byPassword({ session, by }: Stepper, password: string | undefined): Promise<FreshProof> {
    const offered = await this.methodsOf(session.userId)
    if (!offered.password) throw new FormError('invalid_form', { [offered.code ? 'code' : 'passkey']: ['required'] })
    if (password === undefined) throw new FormError('invalid_form', { password: ['required'] })
    const epoch = await this.#parts.passwords.verifyOwn(session, password)
    if (epoch === null) throw new FormError('invalid_credentials', { password: ['wrong_password'] })
    return this.#proof({ session, by, method: 'pwd', epoch })
  }

  #proof({ session, by, method, epoch, settle }: Passed): FreshProof {
    const { userId, publicId } = session
    const at = this.#parts.clock.now()
    const amr = [...session.amr.filter((each) => each.method !== method), { method, at }]
    const record = async (change: Change) => {
      await settle?.(change)
      await change.record<'auth.step_up_passed'>({
        action: 'auth.step_up_passed',
        userId,
        outcome: 'success',
        occurredAt: at,
        details: { sessionId: publicId, amr: [method] },
        ...by,
      })
    }
    return { userId, epoch, amr, authenticatedAt: at, record }
  }
}

interface Passed extends Pick<Stepper, 'session' | 'by'> {
  method: Method
  epoch: number
  settle?: ((change: Change) => Promise<void>) | undefined
}
