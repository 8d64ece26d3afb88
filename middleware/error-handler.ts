import type { ErrorRequestHandler, Request } from 'express'
import { SecurityError, StoreUnavailable, unavailable, type ErrorCode } from '../src/core/errors.js'
import { localPath, withReturnTo } from '../src/core/return-to.js'
import type { ErrorModel } from '../views/models.js'
import { refererPath, wantsHtml } from './negotiate.js'
import { sendProblem, type Pages } from './pages.js'

type Words = [ErrorModel['title'], ErrorModel['text']]

const WORDS: Record<ErrorCode, Words> = {
  sign_in_required: ['page.required.title', 'page.required.text'],
  session_revoked: ['page.required.title', 'page.required.text'],
  session_expired: ['page.required.title', 'page.required.text'],
  step_up_required: ['step_up.title', 'step_up.description'],
  api_key_invalid: ['page.forbidden.title', 'page.forbidden.text'],
  csrf: ['page.csrf.title', 'page.csrf.text'],
  forbidden: ['page.forbidden.title', 'page.forbidden.text'],
  password_managed_by_idp: ['page.managed.title', 'page.managed.text'],
  bad_request: ['page.bad_request.title', 'page.bad_request.text'],
  invalid_form: ['page.bad_request.title', 'page.bad_request.text'],
  invalid_credentials: ['page.bad_request.title', 'page.bad_request.text'],
  password_rules: ['page.bad_request.title', 'page.bad_request.text'],
  not_found: ['page.not_found.title', 'page.not_found.text'],
  method_not_allowed: ['page.method.title', 'page.method.text'],
  payload_too_large: ['page.too_large.title', 'page.too_large.text'],
  unsupported_media_type: ['page.bad_request.title', 'page.bad_request.text'],
  too_many_requests: ['page.too_many.title', 'page.too_many.text'],
  internal: ['page.internal.title', 'page.internal.text'],
  busy: ['page.busy.title', 'page.busy.text'],
  unavailable: ['page.unavailable.title', 'page.unavailable.text'],
}

/** Where a browser goes when it lacks what a page needs. */
const LEADS_TO: Partial<Record<ErrorCode, string>> = {
  sign_in_required: '/sign-in',
  session_revoked: '/sign-in',
  session_expired: '/sign-in',
  step_up_required: '/step-up',
}

export interface ErrorHandlerOptions {
  pages: Pages
  origin: string
  /** The host's own sign-in page; null: ours. */
  signInPath: string | null
  report: (error: unknown) => void
}

/** Turns a refused guard into a redirect, a page or problem+json. Errors that are not ours go on to the host. */
export function errorHandler({ pages, origin, report, signInPath }: ErrorHandlerOptions): ErrorRequestHandler {
  return function sallyportErrorHandler(thrown: unknown, req, res, next) {
    // what a call such as security.signIn has met in a handler of the host
    const error = thrown instanceof StoreUnavailable ? unavailable(thrown) : thrown
    if (!(error instanceof SecurityError) || res.headersSent) return next(error)
    if (error.status >= 500) report(error.cause ?? error)
    res.set(error.headers)
    res.setHeader('Cache-Control', 'no-store')
    const page = LEADS_TO[error.code]
    const lead = page === '/sign-in' && signInPath !== null ? signInPath : page && `${pages.base}${page}`
    if (!wantsHtml(req)) return sendProblem(res, error)
    if (lead) return res.redirect(303, withReturnTo(lead, samePage(req, origin))) // a refused request is resumed after signing in
    const [title, text] = WORDS[error.code]
    const { retryAfter } = error.extra
    const wait = typeof retryAfter === 'number' ? retryAfter : null
    const again = wait !== null || error.code === 'csrf' ? samePage(req, origin) : null // a fresh form has a fresh token
    pages.send(req, res, 'error', { status: error.status, title, text, wait, again }, error.status)
  }
}

/** The page that was asked for; of anything but a GET, the page that it came from. */
function samePage(req: Request, origin: string): string | null {
  const isRead = req.method === 'GET' || req.method === 'HEAD'
  return isRead ? localPath(req.originalUrl, origin) : refererPath(req, origin)
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
