import type { Request } from 'express'
import { Strategy, type VerifyFunctionWithRequest } from 'passport-local'
import { StoreUnavailable, unavailable } from '../src/core/errors.js'
import type { PasswordStrategyOptions } from '../src/core/strategy-options.js'
import type { PasswordVerdict } from '../src/features/passwords/passwords.js'
import type { Proofs } from '../src/features/sign-in/proofs.js'

type Refusal = Extract<PasswordVerdict, { ok: false }>

interface Parts {
  /** Is this the password of who has this e-mail? The request says who asks. */
  verify: (req: Request, email: string, password: string) => Promise<PasswordVerdict>
  proofs: Proofs
  /** Told of each refusal of a password that was tried. */
  refused: (req: Request, refusal: Refusal) => void
}

/** The same for every reason (invariant 5). The message is what `failureFlash` and `failureMessage` show. */
const REFUSED = { code: 'invalid_credentials', message: 'E-mail or password is wrong' }

/** passport-local over our passwords. It proves identity and nothing else: no session, no `req.logIn`. */
export function passwordStrategy(
  { verify, proofs, refused }: Parts,
  { usernameField = 'email', passwordField = 'password' }: PasswordStrategyOptions = {},
): Strategy {
  const check: VerifyFunctionWithRequest = (req, email, password, done) => {
    const answer = async () => {
      const verdict = await verify(req, email.trim(), password)
      if (verdict.ok) {
        proofs.remember(req, { ...verdict.proof, amr: ['pwd'] })
        return done(null, verdict.proof.user.row as Express.User)
      }
      refused(req, verdict)
      done(null, false, REFUSED)
    }
    // also what a callback of the host's throws: lost in a promise, it would end the process
    answer().catch((error: unknown) => done(error instanceof StoreUnavailable ? unavailable(error) : error))
  }
  return new PasswordStrategy({ usernameField, passwordField }, check)
}

/** passport-local also reads the address, which lands in logs, and hands on objects, which a database may run as a query. */
class PasswordStrategy extends Strategy {
  override name = 'password'
  readonly fields: Required<PasswordStrategyOptions>

  constructor(fields: Required<PasswordStrategyOptions>, check: VerifyFunctionWithRequest) {
    super({ ...fields, passReqToCallback: true }, check)
    this.fields = fields
  }

  override authenticate(req: Request, options?: unknown): void {
    const email = textOf(req.body, this.fields.usernameField, 320)
    const password = textOf(req.body, this.fields.passwordField, 4096)
    if (email.trim() && password) super.authenticate(req, options)
    else this.fail(REFUSED, 401)
  }
}

/** A text field of a body; empty when it is none, or what nobody types: too long, or with a NUL, an error in PostgreSQL. */
function textOf(body: unknown, field: string, max: number): string {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, field)) return ''
  const value = (body as Record<string, unknown>)[field]
  return typeof value === 'string' && value.length <= max && !value.includes('\0') ? value : ''
}
