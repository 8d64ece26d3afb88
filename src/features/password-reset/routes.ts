import type { NextFunction, Request, Response, Router } from 'express'
import { z } from 'zod'
import { FormError, SecurityError, type FieldErrors } from '../../core/errors.js'
import { originOf, type ClientAddress } from '../../../middleware/client-address.js'
import type { Csrf } from '../../../middleware/csrf.js'
import { parseForm, required, text, typed } from '../../../middleware/form.js'
import { handle } from '../../../middleware/handle.js'
import type { LinkCookie } from '../../../middleware/link-cookie.js'
import { assertOwnForm, linkMark } from '../../../middleware/link-form.js'
import { wantsHtml } from '../../../middleware/negotiate.js'
import type { Pages } from '../../../middleware/pages.js'
import type { Passwords } from '../passwords/passwords.js'
import { ruleViews } from '../passwords/view.js'
import type { PasswordReset, ResetLink } from './password-reset.js'

const field = text(4096).refine((value) => value !== '', 'required')
const newPasswordForm = z.object({ newPassword: field, confirmPassword: field })
const forgotForm = z.object({ email: required(320).transform((value) => value.trim()) })

interface Parts {
  router: Router
  pages: Pages
  csrf: Csrf
  passwords: Passwords
  passwordReset: PasswordReset
  resetCookie: LinkCookie
  addressOf: ClientAddress
}

/** `GET,POST /forgot-password` and `GET,POST /reset-password`; none of them where no link could be sent. */
export function passwordResetRoutes(parts: Parts): void {
  if (!parts.passwordReset.offered) return
  forgotRoutes(parts)
  resetRoutes(parts)
}

function forgotRoutes({ router, pages, csrf, passwordReset, addressOf }: Parts): void {
  const show = (req: Request, res: Response, errors: FieldErrors, status: number) => {
    const sent = req.method !== 'POST' && req.query.sent !== undefined
    pages.send(req, res, 'forgot-password', { sent, email: typed(req, 'email').slice(0, 320), errors }, status)
  }

  router.get('/forgot-password', (req, res) => show(req, res, {}, 200))

  router.post(
    '/forgot-password',
    csrf.protect({ visitors: true }),
    handle(async (req, res) => {
      const { email } = parseForm(forgotForm, req)
      await passwordReset.countRequest(addressOf(req))
      const origin = originOf(req, addressOf)
      // whether there is such an account is not asked before the answer has gone (invariant 5)
      res.once('close', () => passwordReset.requestLater(email, origin))
      pages.done(req, res, `${pages.base}/forgot-password?sent`)
    }),
    (error: unknown, req: Request, res: Response, next: NextFunction) => {
      const fields = fieldsOf(error)
      if (!fields || !wantsHtml(req)) return next(error)
      show(req, res, fields, (error as SecurityError).status)
    },
  )
}

function resetRoutes({ router, pages, csrf, passwords, passwordReset, resetCookie, addressOf }: Parts): void {
  const rules = ruleViews(passwords.rules)
  const linkOf = async (req: Request) => {
    const token = resetCookie.tokenOf(req)
    return token === null ? null : passwordReset.find(token)
  }
  const show = (
    req: Request,
    res: Response,
    { purpose, user, token }: ResetLink,
    errors: FieldErrors,
    status: number,
  ) => {
    const model = { email: user.email, link: linkMark(token), invited: purpose === 'invitation', rules, errors }
    pages.send(req, res, 'reset-password', model, status)
  }

  router.get(
    '/reset-password',
    handle(async (req, res) => {
      if (req.query.token !== undefined) return moveToken(req, res, pages, resetCookie, '/reset-password')
      const link = await linkOf(req)
      if (!link) throw new SecurityError('link_dead')
      show(req, res, link, {}, 200)
    }),
  )

  router.post(
    '/reset-password',
    csrf.protect({ visitors: true }),
    handle(async (req, res) => {
      const link = await linkOf(req)
      if (!link) throw new SecurityError('link_dead')
      assertOwnForm(req, linkMark(link.token))
      await passwordReset.reset(link, parseForm(newPasswordForm, req), originOf(req, addressOf))
      resetCookie.forget(req, res)
      pages.flash.set(res, { key: 'reset.done', params: {} })
      pages.done(req, res, `${pages.base}/sign-in`)
    }),
  )

  router.use('/reset-password', (error: unknown, req: Request, res: Response, next: NextFunction) => {
    if (!wantsHtml(req)) return next(error)
    if (error instanceof SecurityError && error.code === 'link_dead')
      return pages.send(req, res, 'link-dead', { notice: false, canReset: true }, error.status)
    const fields = fieldsOf(error)
    if (!fields) return next(error)
    linkOf(req)
      .then((link) => (link ? show(req, res, link, fields, (error as SecurityError).status) : next(error)))
      .catch(next)
  })
}

/** A form that was open for too long comes back with a fresh token. */
function fieldsOf(error: unknown): FieldErrors | null {
  if (error instanceof FormError) return error.fields
  return error instanceof SecurityError && error.code === 'csrf' ? { form: ['form_expired'] } : null
}

/** The token goes from the address into a cookie; nothing else happens, whoever opens the link, and however often. */
export function moveToken(req: Request, res: Response, pages: Pages, cookie: LinkCookie, path: string): void {
  cookie.keep(req, res, req.query.token)
  res.set('Referrer-Policy', 'no-referrer')
  res.redirect(303, pages.base + path)
}
