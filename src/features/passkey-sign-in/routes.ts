import type { Request, Response, Router } from 'express'
import { z } from 'zod'
import { SecurityError } from '../../core/errors.js'
import { localPath } from '../../core/return-to.js'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { checkbox, parseForm } from '../../../middleware/form.js'
import { handle } from '../../../middleware/handle.js'
import type { Pages } from '../../../middleware/pages.js'
import type { PasskeyCookie } from '../../../middleware/passkey-cookie.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import type { Whence } from '../passwords/passwords.js'
import type { SessionRecord } from '../sessions/session.js'
import { authenticator, type AnyStrategy } from '../../../middleware/authenticator.js'
import type { HalfFinished, HalfFinishedSignIns } from '../sign-in/half-finished.js'
import type { Proofs } from '../sign-in/proofs.js'
import type { StepUp } from '../step-up/step-up.js'
import type { SecondFactors } from '../two-factor/second-factors.js'
import { answerIn } from '../passkeys/answers.js'
import type { Passkeys } from '../passkeys/passkeys.js'
import { PasskeyRefusal } from '../passkeys/refusal.js'

const optionsForm = z.object({ use: z.enum(['sign_in', 'step_up']).optional() })
const signInForm = z.object({ remember: checkbox, returnTo: z.unknown().optional() })

interface Parts {
  router: Router
  states: RequestStates
  pages: Pages
  csrf: Csrf
  passkeys: Passkeys
  passkeyCookie: PasskeyCookie
  strategies: { passkey: () => AnyStrategy }
  proofs: Proofs
  factors: SecondFactors
  stepUp: StepUp
  halfFinished: HalfFinishedSignIns
  requestSession: RequestSession
  whence: (req: Request) => Whence
  origin: string
  afterSignIn: string
}

/**
 * `POST /passkeys/authenticate/options` and `POST /passkeys/authenticate`: signs a visitor in, ends a half-finished
 * sign-in, or gives a fresh proof to a session; whichever the challenge was made for.
 */
export function passkeySignInRoutes(parts: Parts): void {
  const { router, states, pages, csrf, passkeys, passkeyCookie, factors, requestSession, origin } = parts
  const { site } = passkeys
  if (!site) return // there are no passkeys here: 404
  const authenticate = authenticator(parts.strategies.passkey(), parts.proofs)

  router.post(
    '/passkeys/authenticate/options',
    csrf.protect({ visitors: true }),
    handle(async (req, res) => {
      const { use } = parseForm(optionsForm, req)
      res.setHeader('Cache-Control', 'no-store')
      res.json(await passkeys.ask(await asker(req, use), site))
    }),
  )

  /** Who asks; `use` says what for, where a browser has a session, and a sign-in half way beside it. */
  async function asker(req: Request, use: 'sign_in' | 'step_up' | undefined) {
    const { decision } = states.of(req)
    const half = use === undefined ? await requestSession.halfFinished(req) : null
    if (half) return { userId: half.user.id, boundTo: half.id }
    if (use !== 'sign_in' && decision.kind === 'live')
      return { userId: decision.record.userId, boundTo: decision.record.publicId }
    return { userId: null, boundTo: passkeyCookie.give(req) }
  }

  router.post(
    '/passkeys/authenticate',
    csrf.protect({ visitors: true }),
    handle(async (req, res) => {
      const answer = answerIn(req.body)
      const { decision } = states.of(req)
      const [half, askedBy] = await Promise.all([requestSession.halfFinished(req), passkeys.askedBy(answer)])
      if (half && half.id === askedBy) return finish(req, res, half, answer)
      if (decision.kind === 'live' && decision.record.publicId === askedBy)
        return stepUp(req, res, decision.record, answer)
      return signIn(req, res)
    }),
  )

  async function signIn(req: Request, res: Response): Promise<void> {
    const { remember, returnTo } = parseForm(signInForm, req)
    const proven = await authenticate(req)
    if (!proven) throw new PasskeyRefusal()
    const to = localPath(returnTo, origin)
    const { record, owes } = await requestSession.begin(req, proven, { remember, returnTo: to }).catch(alike)
    if (owes) throw new SecurityError('two_factor_required', { extra: { owes } })
    const { userId: id, email, name } = record
    pages.done(req, res, to ?? parts.afterSignIn, { user: { id, email, name } })
  }

  async function finish(req: Request, res: Response, half: HalfFinished, answer: unknown): Promise<void> {
    const { returnTo } = parseForm(signInForm, req)
    const who = requestSession.claimant(req, half.user.id, half.id)
    const verify = () => factors.verify(who, { passkey: asJson(answer) })
    const given = await parts.halfFinished.attempt(half, verify)
    const { record } = await requestSession.finish(req, half, given)
    if (!record) throw new SecurityError('challenge_void')
    const { id, email, name } = half.user
    const to = localPath(returnTo, origin) ?? half.returnTo ?? parts.afterSignIn
    pages.done(req, res, to, { user: { id, email, name } })
  }

  async function stepUp(req: Request, res: Response, session: SessionRecord, answer: unknown): Promise<void> {
    const { returnTo } = parseForm(signInForm, req)
    const who = { session, deviceToken: parts.whence(req).deviceToken, by: requestSession.by(req) }
    const proof = await parts.stepUp.verify(who, { passkey: asJson(answer) })
    if (!(await requestSession.renew(req, proof, proof.record))) throw new SecurityError('sign_in_required')
    pages.done(req, res, localPath(returnTo, origin) ?? `${pages.base}/`)
  }
}

const asJson = (answer: unknown): string => (typeof answer === 'string' ? answer : JSON.stringify(answer))

/** An account that is disabled, or was changed meanwhile, is refused like a passkey that nobody has (invariant 5). */
function alike(error: unknown): never {
  throw error instanceof SecurityError && error.code === 'invalid_credentials' ? new PasskeyRefusal() : error
}
