import type { ErrorRequestHandler, Request } from 'express'
import { SecurityError, StoreUnavailable, unavailable, type ErrorCode } from '../src/core/errors.js'
import { localPath, withReturnTo } from '../src/core/return-to.js'
import type { ErrorModel } from '../views/models.js'
import { refererPath, wantsHtml } from './negotiate.js'
import { sendProblem, type Pages } from './pages.js'

type Words = [ErrorModel['title'], ErrorModel['text']]

/** Where a browser goes when it lacks what a page needs. */
const LEADS_TO = {
  sign_in_required: '/sign-in',
  session_revoked: '/sign-in',
  session_expired: '/sign-in',
  step_up_required: '/step-up',
  challenge_void: '/sign-in',
  two_factor_required: '/two-factor',
} as const

type Leading = keyof typeof LEADS_TO

const leads = (code: ErrorCode): code is Leading => Object.hasOwn(LEADS_TO, code)

/** What a browser is told that is led nowhere. */
const WORDS: Record<Exclude<ErrorCode, Leading>, Words> = {
  api_key_invalid: ['page.forbidden.title', 'page.forbidden.text'],
  two_factor_enforced: ['page.two_factor_enforced.title', 'page.two_factor_enforced.text'],
  csrf: ['page.csrf.title', 'page.csrf.text'],
  forbidden: ['page.forbidden.title', 'page.forbidden.text'],
  password_managed_by_idp: ['page.managed.title', 'page.managed.text'],
  bad_request: ['page.bad_request.title', 'page.bad_request.text'],
  invalid_form: ['page.bad_request.title', 'page.bad_request.text'],
  invalid_credentials: ['page.bad_request.title', 'page.bad_request.text'],
  invalid_code: ['page.bad_request.title', 'page.bad_request.text'],
  code_already_used: ['page.already_done.title', 'page.already_done.text'],
  invalid_passkey: ['page.invalid_passkey.title', 'page.invalid_passkey.text'],
  password_rules: ['page.bad_request.title', 'page.bad_request.text'],
  not_found: ['page.not_found.title', 'page.not_found.text'],
  method_not_allowed: ['page.method.title', 'page.method.text'],
  already_done: ['page.already_done.title', 'page.already_done.text'],
  passkey_limit: ['page.passkey_limit.title', 'page.passkey_limit.text'],
  link_dead: ['link_dead.title', 'link_dead.text'],
  payload_too_large: ['page.too_large.title', 'page.too_large.text'],
  unsupported_media_type: ['page.bad_request.title', 'page.bad_request.text'],
  too_many_requests: ['page.too_many.title', 'page.too_many.text'],
  internal: ['page.internal.title', 'page.internal.text'],
  busy: ['page.busy.title', 'page.busy.text'],
  unavailable: ['page.unavailable.title', 'page.unavailable.text'],
}

/** What somebody who is half way in is told instead: the first half need not be done again. */
const NOBODY: ReadonlySet<ErrorCode> = new Set(['sign_in_required', 'session_revoked', 'session_expired'])

/** What may go well when it is tried once more. */
const AGAIN: ReadonlySet<ErrorCode> = new Set(['csrf', 'invalid_passkey'])

export interface ErrorHandlerOptions {
  pages: Pages
  origin: string
  /** The host's own sign-in page; null: ours. */
  signInPath: string | null
  /** Does the browser carry a half-finished sign-in? */
  isHalfWay: (req: Request) => boolean
  report: (error: unknown) => void
}

/** Turns a refused guard into a redirect, a page or problem+json. Errors that are not ours go on to the host. */
export function errorHandler({
  pages,
  origin,
  report,
  signInPath,
  isHalfWay,
}: ErrorHandlerOptions): ErrorRequestHandler {
  return function sallyportErrorHandler(thrown: unknown, req, res, next) {
    // what a call such as security.signIn has met in a handler of the host
    const said = thrown instanceof StoreUnavailable ? unavailable(thrown) : thrown
    if (!(said instanceof SecurityError) || res.headersSent) return next(said)
    const error = NOBODY.has(said.code) && isHalfWay(req) ? new SecurityError('two_factor_required') : said
    if (error.status >= 500) report(error.cause ?? error)
    res.set(error.headers)
    res.setHeader('Cache-Control', 'no-store')
    if (!wantsHtml(req)) return sendProblem(res, error)
    const { code } = error
    const same = () => samePage(req, { base: pages.base, origin })
    if (leads(code)) {
      const page = LEADS_TO[code]
      const lead = page === '/sign-in' && signInPath !== null ? signInPath : `${pages.base}${page}`
      return res.redirect(303, withReturnTo(lead, same(), error.lead)) // a refused request is resumed after signing in
    }
    const [title, text] = WORDS[code]
    const { retryAfter } = error.extra
    const wait = typeof retryAfter === 'number' ? retryAfter : null
    const again = wait !== null || AGAIN.has(code) ? same() : null // a fresh form has a fresh token
    pages.send(req, res, 'error', { status: error.status, title, text, wait, again }, error.status)
  }
}

/** The page that was asked for; of anything but a GET, the page that it came from. */
function samePage(req: Request, { base, origin }: { base: string; origin: string }): string | null {
  const isRead = req.method === 'GET' || req.method === 'HEAD'
  if (isRead) return localPath(req.originalUrl, origin)
  const came = refererPath(req, origin)
  // where a refused form, or the answer to a step-up, stands is nothing to come back to
  if (came?.startsWith(`${base}/step-up`)) return null
  return came === `${base}/password` ? `${base}/` : came // a refused form stands at an address that answers no GET
}

/** On our own routes every error is ours: what a body parser refused is a 4xx, anything unexpected a reported 500. */
export function asSecurityError(): ErrorRequestHandler {
  return function asSecurityError(error: unknown, _req, _res, next) {
    if (error instanceof SecurityError) return next(error)
    if (error instanceof StoreUnavailable) return next(unavailable(error))
    const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
    next(new SecurityError(codeOf(status), { cause: error }))
  }
}

function codeOf(status: unknown): ErrorCode {
  if (status === 413) return 'payload_too_large'
  if (status === 415) return 'unsupported_media_type'
  return typeof status === 'number' && status >= 400 && status < 500 ? 'bad_request' : 'internal'
}
