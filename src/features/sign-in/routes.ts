import type { Request, Response, Router } from 'express'
import { Passport } from 'passport'
import { z } from 'zod'
import { SecurityError, FormError, type FieldErrors } from '../../core/errors.js'
import { localPath } from '../../core/return-to.js'
import type { SessionReason } from '../../core/reasons.js'
import { originOf, type ClientAddress } from '../../../middleware/client-address.js'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { checkbox, parseForm, required, text, typed } from '../../../middleware/form.js'
import { handle } from '../../../middleware/handle.js'
import { wantsHtml, wantsJson } from '../../../middleware/negotiate.js'
import type { Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { passwordStrategy, type PasswordVerdict } from '../../../strategies/password.js'
import type { MessageKey } from '../../../views/messages/catalogue.js'
import type { Passwords, Whence } from '../passwords/passwords.js'
import type { SignIn } from './complete-sign-in.js'

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
  expired: 'reason.expired',
  limit: 'reason.limit',
}

interface Parts {
  states: RequestStates
  router: Router
  pages: Pages
  csrf: Csrf
  passwords: Passwords
  signIn: SignIn
  requestSession: RequestSession
  addressOf: ClientAddress
  whence: (req: Request) => Whence
  origin: string
  afterSignIn: string
  report: (error: unknown) => void
}

/** `GET,POST /sign-in` and `POST /sign-out`. */
export function signInRoutes(parts: Parts): void {
  const { router, states, pages, csrf, requestSession, origin } = parts
  const authenticate = passwordAuthenticator(parts.passwords, parts.whence)
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
        errors,
      },
      status,
    )
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
      ;(req.body as { email: string }).email = form.email // as the strategy reads it
      const verdict = await authenticate(req, res)
      if (!verdict.ok) {
        const from = originOf(req, parts.addressOf)
        // after the answer: what is written must not show in the time (invariant 5)
        const writeDown = () =>
          void parts.signIn.failed(verdict.reason, verdict.userId, from, verdict.wait).catch(parts.report)
        if (res.closed || res.destroyed) writeDown()
        else res.once('close', writeDown)
        throw new FormError('invalid_credentials', { form: ['wrong_credentials'] })
      }
      const record = await requestSession.begin(req, { ...verdict.proof, amr: ['pwd'] }, form)
      const { userId: id, email, name } = record
      pages.done(req, res, destination(form.returnTo), { user: { id, email, name } })
    }),
    (error: unknown, req: Request, res: Response, next: (error: unknown) => void) => {
      const fields = fieldsOf(error)
      if (!fields || !wantsHtml(req)) return next(error)
      show(req, res, fields, (error as SecurityError).status)
    },
  )

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

/** What a refused sign-in shows on its form. A form that was open for too long comes back with a fresh token. */
function fieldsOf(error: unknown): FieldErrors | null {
  if (error instanceof FormError) return error.fields
  if (!(error instanceof SecurityError)) return null
  if (error.code === 'csrf') return { form: ['form_expired'] }
  return error.code === 'invalid_credentials' ? { form: ['wrong_credentials'] } : null
}

/** Runs the password strategy of a Passport of our own, never the host's or the singleton. */
function passwordAuthenticator(
  passwords: Passwords,
  whence: Parts['whence'],
): (req: Request, res: Response) => Promise<PasswordVerdict> {
  const passport = new Passport()
  passport.use('password', passwordStrategy(passwords, whence))
  return (req, res) =>
    new Promise((resolve, reject) => {
      const told = (error: unknown, verdict: PasswordVerdict | false) => {
        if (error) reject(error instanceof Error ? error : new Error('sign-in failed', { cause: error }))
        else resolve(verdict || { ok: false, userId: null, reason: 'invalid_credentials', wait: null })
      }
      // oxlint-disable-next-line no-unsafe-call -- passport's types say "any"
      passport.authenticate('password', { session: false }, told)(req, res, reject)
    })
}
