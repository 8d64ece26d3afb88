import type { Request } from 'express'
import { StoreUnavailable, unavailable } from '../src/core/errors.js'
import { answerIn } from '../src/features/passkeys/answers.js'
import type { PasskeyVerdict } from '../src/features/passkey-sign-in/passkey-sign-in.js'
import type { Proofs } from '../src/features/sign-in/proofs.js'

type Refusal = Extract<PasskeyVerdict, { ok: false }>

interface Parts {
  /** Whose passkey has answered, to a challenge that this request's browser asked for? */
  verify: (req: Request, answer: unknown) => Promise<PasskeyVerdict>
  proofs: Proofs
  /** Told of each refusal. */
  refused: (req: Request, refusal: Refusal) => void
}

/** The same for every reason (invariant 5). */
const REFUSED = { code: 'invalid_passkey', message: 'This passkey cannot be used' }

/** What Passport puts on a strategy while it is at work. */
interface AtWork {
  success(user: unknown): void
  fail(info: typeof REFUSED, status: number): void
  error(error: unknown): void
}

/** What a Passport runs. */
export interface PasskeyStrategy {
  name: string
  authenticate(req: Request, options?: unknown): void
}

/** A passkey as a Passport strategy. It proves identity and nothing else: no session, no `req.logIn`. */
export function passkeyStrategy({ verify, proofs, refused }: Parts): PasskeyStrategy {
  async function run(strategy: AtWork, req: Request): Promise<void> {
    const verdict = await verify(req, answerIn(req.body))
    if (verdict.ok) {
      proofs.remember(req, { ...verdict.proof, amr: ['hwk'] })
      return strategy.success(verdict.proof.user.row)
    }
    refused(req, verdict)
    strategy.fail(REFUSED, 422)
  }
  return {
    name: 'passkey',
    authenticate(this: unknown, req: Request) {
      const strategy = this as AtWork
      // also what a callback of the host's throws: lost in a promise, it would end the process
      run(strategy, req).catch((error: unknown) =>
        strategy.error(error instanceof StoreUnavailable ? unavailable(error) : error),
      )
    },
  }
}
