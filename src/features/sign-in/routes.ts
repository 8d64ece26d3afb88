import type { Request, Response, Router } from 'express'
import { z } from 'zod'
import { SecurityError, FormError, type FieldErrors } from '../../core/errors.js'
import { localPath, withReturnTo } from '../../core/return-to.js'
import type { SessionReason } from '../../core/reasons.js'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { checkbox, parseForm, required, text, typed } from '../../../middleware/form.js'
import { handle } from '../../../middleware/handle.js'
import { wantsHtml, wantsJson } from '../../../middleware/negotiate.js'
import type { Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import type { MessageKey } from '../../../views/messages/keys.js'
import { authenticator, type AnyStrategy } from '../../../middleware/authenticator.js'
import type { Owed } from './complete-sign-in.js'
import type { Proofs } from './proofs.js'

const credentials = z.object({
  email: required(320).transform((value) => value.trim()),
  password: text(4096).refine((value) => value !== '', 'required'),
  remember: checkbox,
  returnTo: z.unknown().optional(),
})

const NOTICES: Partial<Record<SessionReason, MessageKey>> = {
  revoked: 'reason.revoked',
  revoked_others: 'reason.revoked',
  host: 'reason.revoked',
  disabled: 'reason.revoked',
  password_changed: 'reason.password_changed',
  factor_changed: 'reason.factor_changed',
  expired: 'reason.expired',
  limit: 'reason.limit',
}

interface Parts {
  states: RequestStates
  router: Router
  pages: Pages
  csrf: Csrf
  /** `site` is null where there can be no passkeys. */
  passkeys: { site: unknown }
  strategies: { password: () => AnyStrategy }
  proofs: Proofs
  requestSession: RequestSession
  origin: string
  afterSignIn: string
  /** The host's own sign-in page; null: ours. */
  signInPath: string | null
  /** Whether there is a way for those who have forgotten their password. */
  canReset: boolean
}

/** `GET,POST /sign-in` and `POST /sign-out`. Where the host signs in by itself, `/sign-in` leads there. */
export function signInRoutes(parts: Parts): void {
  const { router, signInPath, origin } = parts
  signOutRoute(parts)
  if (signInPath === null) return ownSignInRoutes(parts)
  router.get('/sign-in', (req, res) => {
    res.redirect(303, withReturnTo(signInPath, localPath(req.query.returnTo, origin)))
  })
}

function signOutRoute({ router, csrf, pages, requestSession }: Parts): void {
  router.post(
    '/sign-out',
    csrf.protect({ visitors: false }),
    handle(async (req, res) => {
      await requestSession.end(req, res)
      pages.flash.set(res, { key: 'sign_in.signed_out', params: {} })
      pages.done(req, res, `${pages.base}/sign-in`)
    }),
  )
}

function ownSignInRoutes(parts: Parts): void {
  const { router, states, pages, csrf, passkeys, requestSession, origin } = parts
  const authenticate = authenticator(parts.strategies.password(), parts.proofs)
  const destination = (value: unknown) => localPath(value, origin) ?? parts.afterSignIn

  function show(req: Request, res: Response, errors: FieldErrors, status: number): void {
    const { decision } = states.of(req)
    const isPost = req.method === 'POST'
    pages.send(
      req,
      res,
      'sign-in',
      {
        notice: !isPost && decision.kind === 'dead' ? (NOTICES[decision.reason] ?? null) : null,
        email: typed(req, 'email').slice(0, 320),
        remember: typed(req, 'remember') !== '',
        returnTo: localPath(isPost ? typed(req, 'returnTo') : req.query.returnTo, origin),
        passkeys: passkeys.site !== null,
        canReset: parts.canReset,
        errors,
      },
      status,
    )
  }

  /** The first half is done: on to the second one. */
  function goOn(req: Request, res: Response, owes: Owed): void {
    if (!wantsHtml(req)) throw new SecurityError('two_factor_required', { extra: { owes } })
    res.redirect(303, `${pages.base}/two-factor`)
  }

  router.get('/sign-in', (req, res) => {
    if (states.of(req).decision.kind === 'live' && !wantsJson(req))
      return res.redirect(303, destination(req.query.returnTo))
    show(req, res, {}, 200)
  })

  router.post(
    '/sign-in',
    csrf.protect({ visitors: true }),
    handle(async (req, res) => {
      const form = parseForm(credentials, req)
      const proven = await authenticate(req)
      if (!proven) throw new FormError('invalid_credentials', { form: ['wrong_credentials'] })
      const { remember } = form
      const begun = await requestSession.begin(req, proven, { remember, returnTo: localPath(form.returnTo, origin) })
      if (begun.owes) return goOn(req, res, begun.owes)
      const { userId: id, email, name } = begun.record
      pages.done(req, res, destination(form.returnTo), { user: { id, email, name } })
    }),
    (error: unknown, req: Request, res: Response, next: (error: unknown) => void) => {
      const fields = fieldsOf(error)
      if (!fields || !wantsHtml(req)) return next(error)
      show(req, res, fields, (error as SecurityError).status)
    },
  )
}

/** What a refused sign-in shows on its form. A form that was open for too long comes back with a fresh token. */
function fieldsOf(error: unknown): FieldErrors | null {
  if (error instanceof FormError) return error.fields
  if (!(error instanceof SecurityError)) return null
  if (error.code === 'csrf') return { form: ['form_expired'] }
  return error.code === 'invalid_credentials' ? { form: ['wrong_credentials'] } : null
}
