import type { Request } from 'express'
import { FormError, SecurityError, StoreUnavailable, unavailable } from '../src/core/errors.js'
import type { SecondFactorStrategyOptions } from './second-factor-options.js'
import type { User, UserDirectory } from '../src/core/users.js'
import type { HalfFinished, HalfFinishedSignIns } from '../src/features/sign-in/half-finished.js'
import type { Proven } from '../src/features/sign-in/complete-sign-in.js'
import type { Proofs } from '../src/features/sign-in/proofs.js'
import type { Claimant, Given, SecondFactors } from '../src/features/two-factor/second-factors.js'

export interface SecondFactorParts {
  factors: Pick<SecondFactors, 'verify'>
  halfFinished: Pick<HalfFinishedSignIns, 'attempt' | 'proven'>
  /** The half-finished sign-in that the browser carries. */
  halfOf: (req: Request) => Promise<HalfFinished | null>
  credentialOf: (userId: string) => Promise<{ epoch: number; disabled: boolean }>
  claimantOf: (req: Request, userId: string, boundTo: string) => Claimant
  users: UserDirectory
  proofs: Proofs
}

/** What kind of code it is, and in which field it stands unless the host says another one. */
export interface Kind {
  name: 'totp' | 'recovery-code'
  field: 'code' | 'recoveryCode'
  /** Longest text that somebody types. */
  max: number
}

/** What `info` is where a code is refused; the message is what `failureFlash` and `failureMessage` show. */
export interface Refusal {
  code: 'invalid_code' | 'code_already_used' | 'challenge_void' | 'sign_in_required'
  message: string
  clockOffBySeconds?: number
}

const MESSAGES: Record<Refusal['code'], string> = {
  invalid_code: 'That code is wrong',
  code_already_used: 'That code has been used already',
  challenge_void: 'Too many wrong codes; sign in again',
  sign_in_required: 'Sign in first',
}

class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.code)
  }
}

const refused = (code: Refusal['code'], more: Partial<Refusal> = {}) =>
  new Refused({ code, message: MESSAGES[code], ...more })

/** What Passport adds to a strategy while it is at work on a request. */
interface Actions {
  success(user: unknown, info?: object): void
  fail(info: Refusal, status: number): void
  error(error: unknown): void
}

/** Whose code it is: who is half way in or signed in, or whom the host names; `row` is the host's own object. */
interface Owner {
  user: User
  row: unknown
  half: HalfFinished | null
}

/**
 * A code of somebody whom the request knows already. It proves that the second factor is at hand, and nothing else: no
 * session, no `req.logIn`. Counted by the one verifier, as on our own pages.
 */
export class SecondFactorStrategy {
  readonly name: Kind['name']
  readonly #parts: SecondFactorParts
  readonly #kind: Kind
  readonly #options: SecondFactorStrategyOptions

  constructor(parts: SecondFactorParts, kind: Kind, options: SecondFactorStrategyOptions) {
    this.name = kind.name
    this.#parts = parts
    this.#kind = kind
    this.#options = options
    // Passport calls it on an object of its own, which has this one as its prototype and cannot see its private fields
    const answer = (req: Request) => this.#answer(req)
    this.authenticate = function authenticate(this: Actions, req: Request): void {
      answer(req)
        .then(
          ({ row, info }) => this.success(row, info),
          (error: unknown) => {
            if (error instanceof Refused) return this.fail(error.refusal, 401)
            this.error(error instanceof StoreUnavailable ? unavailable(error) : error)
          },
        )
        .catch((error: unknown) => this.error(error)) // also what a callback of the host's throws
    }
  }

  readonly authenticate: (req: Request, options?: unknown) => void

  async #answer(req: Request): Promise<{ row: unknown; info: object }> {
    const { proofs } = this.#parts
    const owner = await this.#ownerOf(req)
    const typed = textOf(req.body, this.#options.field ?? this.#kind.field, this.#kind.max)
    if (!typed) throw refused('invalid_code')
    const before = await this.#parts.credentialOf(owner.user.id) // a change from here on makes the proof worthless
    if (before.disabled || owner.user.disabled) throw refused('invalid_code')
    const given = await this.#verify(req, owner, typed)
    const proven = this.#proven(proofs.of(req, owner.user.id), owner, given, before.epoch)
    proofs.remember(req, proven)
    return { row: owner.row, info: given.left === undefined ? {} : { left: given.left } }
  }

  async #ownerOf(req: Request): Promise<Owner> {
    const { users, halfOf } = this.#parts
    const found = await halfOf(req)
    const half = found?.owes === 'second_factor' ? found : null
    const named = this.#options.user ? await this.#options.user(req) : (req.user ?? half?.user.row)
    if (!named) throw refused('sign_in_required')
    const user = await users.findById(users.idOf(named))
    if (!user) throw refused('sign_in_required')
    return { user, row: named, half: half?.user.id === user.id ? half : null }
  }

  async #verify(req: Request, { user, half }: Owner, typed: string): Promise<Given> {
    const { halfFinished, claimantOf, factors } = this.#parts
    try {
      const who = claimantOf(req, user.id, half?.id ?? '')
      const verify = () => factors.verify(who, { [this.#kind.field]: typed })
      return await (half ? halfFinished.attempt(half, verify) : verify())
    } catch (error) {
      if (error instanceof SecurityError && error.code === 'challenge_void') throw refused('challenge_void')
      if (!(error instanceof FormError)) throw error
      const { clockOffBySeconds } = error.extra
      const more = typeof clockOffBySeconds === 'number' ? { clockOffBySeconds } : {}
      throw refused(error.code === 'code_already_used' ? 'code_already_used' : 'invalid_code', more)
    }
  }

  /** Beside what was proven before: on this request, or by the first half of a sign-in, and under which epoch. */
  #proven(earlier: Proven | null, { user, half }: Owner, { method, settle }: Given, epoch: number): Proven {
    if (half) return this.#parts.halfFinished.proven(half, method, settle)
    const amr = [...(earlier?.amr ?? []).filter((each) => each !== method), method]
    return { user, epoch: earlier?.epoch ?? epoch, amr, ...(settle && { settle }) }
  }
}

/** A text field of a body; empty when it is none, or what nobody types: too long, or with a NUL. */
function textOf(body: unknown, field: string, max: number): string {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, field)) return ''
  const value = (body as Record<string, unknown>)[field]
  return typeof value === 'string' && value.length <= max && !value.includes('\0') ? value.trim() : ''
}
