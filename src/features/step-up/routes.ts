import type { NextFunction, Request, Response, Router } from 'express'
import { z } from 'zod'
import { FormError, SecurityError } from '../../core/errors.js'
import { localPath } from '../../core/return-to.js'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { factorFields, NOTHING_WRONG, shownOf, type Shown } from '../../../middleware/factor-form.js'
import { parseForm, text, typed } from '../../../middleware/form.js'
import { handle } from '../../../middleware/handle.js'
import { asParsed } from '../../../middleware/held-form.js'
import { wantsHtml, wantsJson } from '../../../middleware/negotiate.js'
import type { Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { liveRecord, requireSession } from '../../../middleware/require-session.js'
import type { StepUpCookie } from '../../../middleware/step-up-cookie.js'
import type { SuspendedPost } from '../one-time-secrets/one-time-secrets.js'
import type { SessionRecord } from '../sessions/session.js'
import type { Whence } from '../passwords/passwords.js'
import { FEW_CODES } from '../two-factor/routes.js'
import type { StepUp, TypedProof } from './step-up.js'
import type { SuspendedPosts } from './suspended-posts.js'
import { allowedOf, FIELDS, missingOf, usingOf } from './using.js'

const form = z.object({
  ...factorFields,
  password: text(4096)
    .optional()
    .transform((value) => value || undefined),
})

interface Parts {
  states: RequestStates
  router: Router
  pages: Pages
  csrf: Csrf
  stepUp: StepUp
  suspendedPosts: SuspendedPosts
  stepUpCookie: StepUpCookie
  requestSession: RequestSession
  whence: (req: Request) => Whence
  origin: string
}

/** `GET,POST /step-up`: prove once more who you are, and go on where you were. */
export function stepUpRoutes(parts: Parts): void {
  const { router, states, pages, csrf, stepUp, suspendedPosts, requestSession, origin } = parts

  /** What the step-up is for: the form that waits, or the page that was asked for. */
  async function purposeOf(req: Request, session: SessionRecord) {
    const { returnTo: to, suspended: token } = req.method === 'POST' ? sent(req) : req.query
    const returnTo = localPath(to, origin)
    const suspended = typeof token === 'string' ? token : ''
    const post = await suspendedPosts.find(session, suspended)
    const asked = post ?? parts.stepUpCookie.read(req, session.publicId, returnTo)
    const { action = null, amr = null } = asked ?? {}
    return { returnTo, suspended: post && suspended, post, action, amr }
  }

  async function show(req: Request, res: Response, { errors, clockOffBy, status }: Shown): Promise<void> {
    const session = liveRecord(states.of(req).decision)
    const { returnTo, suspended, action, amr } = await purposeOf(req, session)
    const methods = allowedOf(await stepUp.methodsOf(session.userId), amr)
    const using = usingOf(req.body, req.query.using, methods)
    const lacks = using === null ? missingOf(amr) : null
    const model = { using, methods, lacks, action, returnTo, suspended, errors, clockOffBy }
    pages.send(req, res, 'step-up', model, status)
  }

  router.get(
    '/step-up',
    requireSession(states),
    handle((req, res) => show(req, res, NOTHING_WRONG)),
  )

  router.post(
    '/step-up',
    requireSession(states),
    csrf.protect({ visitors: false }),
    handle(async (req, res, next) => {
      const given = parseForm(form, req)
      const session = liveRecord(states.of(req).decision)
      const { returnTo, post, amr } = await purposeOf(req, session)
      const token = typed(req, 'suspended')
      assertAllowed(given, amr)
      const { deviceToken } = parts.whence(req)
      const proof = await stepUp.verify({ session, deviceToken, by: requestSession.by(req) }, given)
      if (!(await requestSession.renew(req, proof, proof.record))) throw new SecurityError('sign_in_required')
      if (proof.left !== undefined && proof.left <= FEW_CODES)
        pages.flash.set(res, { key: 'two_factor.codes_low', params: { count: proof.left }, changed: 'two-factor' })
      if (token && !wantsJson(req)) await goOn(req, res, next, { post, token })
      else pages.done(req, res, returnTo ?? `${pages.base}/`)
    }),
    (error: unknown, req: Request, res: Response, next: NextFunction) => {
      const shown = req.path === '/step-up' ? shownOf(error) : null // else a form that went on was refused
      if (!shown || !wantsHtml(req)) return next(error)
      show(req, res, shown).catch(next)
    },
  )

  /** One of ours goes on by itself; a route of the host's is told to by whoever sent the form. */
  async function goOn(req: Request, res: Response, next: NextFunction, { post, token }: Waiting): Promise<void> {
    if (!post) throw new SecurityError('already_done')
    const { action, path } = post
    if (!post.own) return pages.send(req, res, 'continue', { action, path, suspended: token })
    const isOurs = path.toLowerCase().startsWith(`${req.baseUrl.toLowerCase()}/`)
    if (!isOurs || post.form.kind !== 'body') throw new SecurityError('already_done')
    await suspendedPosts.use(token)
    req.method = post.method
    req.originalUrl = path
    req.url = path.slice(req.baseUrl.length)
    req.body = asParsed(post.form.body)
    router(req, res, next)
  }
}

interface Waiting {
  post: SuspendedPost | null
  token: string
}

const sent = (req: Request) => ({ returnTo: typed(req, 'returnTo'), suspended: typed(req, 'suspended') })

/** Refuses a method that this step-up is not about, before it is used up. */
function assertAllowed(given: TypedProof, amr: readonly string[] | null): void {
  const field = FIELDS.find((each) => given[each.field] !== undefined)
  if (amr === null || (field && amr.includes(field.method))) return
  const wanted = FIELDS.find(({ method }) => amr.includes(method))
  throw new FormError('invalid_form', { [wanted?.field ?? 'form']: [wanted ? 'required' : 'invalid'] })
}
