import type { NextFunction, Request, Response, Router } from 'express'
import { z } from 'zod'
import { SecurityError } from '../../core/errors.js'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { parseForm, text } from '../../../middleware/form.js'
import { handle } from '../../../middleware/handle.js'
import { wantsHtml, wantsJson } from '../../../middleware/negotiate.js'
import type { Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { liveRecord, requireSession } from '../../../middleware/require-session.js'
import type { StepUpGuard } from '../../../middleware/require-step-up.js'
import type { ShowOverview } from '../overview/routes.js'
import type { HalfFinished } from '../sign-in/half-finished.js'
import { factorFields, NOTHING_WRONG, shownOf, type Shown } from '../../../middleware/factor-form.js'
import type { Continues, TwoFactor } from '../two-factor/two-factor.js'
import { qrCode } from './qr-code.js'
import type { Enrolment, Totp } from './totp.js'

const confirmForm = z.object({ code: text(32).refine((value) => value.trim() !== '', 'required') })
const disableForm = z.object(factorFields)

interface Parts {
  router: Router
  states: RequestStates
  pages: Pages
  csrf: Csrf
  totp: Totp
  twoFactor: TwoFactor
  requestSession: RequestSession
  stepUp: StepUpGuard
  showOverview: ShowOverview
  issuer: string
  afterSignIn: string
}

/** Who sets an authenticator up: somebody signed in, or somebody who may not come in without one. */
interface Enroller {
  user: { id: string; email: string }
  /** What the pending secret belongs to. */
  id: string
  half: HalfFinished | null
}

/** `POST,GET /totp/enrol`, `POST /totp/confirm`, `POST /totp/disable`. */
export function totpRoutes(parts: Parts): void {
  const { router, states, pages, csrf, totp, twoFactor, requestSession, stepUp } = parts

  async function enrollerOf(req: Request): Promise<Enroller> {
    const { decision } = states.of(req)
    const half = decision.kind === 'live' ? null : await requestSession.halfFinished(req)
    if (half?.owes === 'enrolment') return { user: half.user, id: half.id, half }
    const { userId, email, publicId } = liveRecord(decision)
    return { user: { id: userId, email }, id: publicId, half: null }
  }

  async function show(req: Request, res: Response, by: Enroller, found: Enrolment | 'expired', shown: Shown) {
    const { errors, clockOffBy, status } = shown
    const expired = found === 'expired'
    const { secret, otpauthUrl, expiresAt } = expired ? NONE : found
    const model = {
      expired,
      secret,
      otpauthUrl,
      qr: expired ? '' : await qrCode(otpauthUrl),
      expiresAt: expired ? null : new Date(expiresAt).toISOString(),
      issuer: parts.issuer,
      account: by.user.email,
      replaces: (await totp.enabledAt(by.user.id)) !== null,
      required: by.half !== null,
      errors,
      clockOffBy,
    }
    res.setHeader('Cache-Control', 'no-store')
    pages.send(req, res, 'totp-enrol', model, status)
  }

  router.post(
    '/totp/enrol',
    csrf.protect({ visitors: true }),
    handle(async (req, res, next) => {
      if ((await enrollerOf(req)).half) next()
      else stepUp(req, res, next)
    }),
    handle(async (req, res) => {
      const by = await enrollerOf(req)
      const { secret, otpauthUrl, expiresAt } = await totp.begin(by.user, by.id)
      res.setHeader('Cache-Control', 'no-store')
      if (wantsJson(req)) res.json({ secret, otpauthUrl, expiresAt: new Date(expiresAt).toISOString() })
      else res.redirect(303, `${pages.base}/totp/enrol`)
    }),
  )

  router.get(
    '/totp/enrol',
    handle(async (req, res) => {
      const by = await enrollerOf(req)
      const found = await totp.pending(by.user, by.id)
      if (found) return show(req, res, by, found, NOTHING_WRONG)
      if (wantsJson(req)) throw new SecurityError('not_found')
      res.redirect(303, `${pages.base}${by.half ? '/two-factor' : '/'}`)
    }),
  )

  router.post(
    '/totp/confirm',
    csrf.protect({ visitors: true }),
    handle(async (req, res) => {
      const by = await enrollerOf(req)
      const { code } = parseForm(confirmForm, req)
      const renewal = by.half ? null : requestSession.renewal(req)
      const goesOn: Continues = renewal
        ? { session: liveRecord(states.of(req).decision), ...renewal.ids }
        : { halfFinished: by.id, epoch: by.half!.epoch }
      const enabled = await twoFactor.enable(requestSession.claimant(req, by.user.id, by.id), goesOn, code)
      if (renewal && enabled.kept) renewal.done(enabled.kept)
      if (by.half) await requestSession.finish(req, by.half, { method: 'otp' }, { epoch: enabled.epoch })
      const { recoveryCodes, generation, replaced } = enabled
      res.setHeader('Cache-Control', 'no-store')
      pages.send(req, res, 'recovery-codes', {
        recoveryCodes,
        generation,
        because: replaced ? 'replaced' : 'enabled',
        account: by.user.email,
        returnTo: by.half ? (by.half.returnTo ?? parts.afterSignIn) : `${pages.base}/`,
      })
    }),
    (error: unknown, req: Request, res: Response, next: NextFunction) => {
      const isVoid = error instanceof SecurityError && error.code === 'challenge_void'
      if (isVoid && wantsHtml(req)) return res.redirect(303, `${pages.base}/totp/enrol`) // which says that it has expired
      const shown = shownOf(error)
      if (!shown || !wantsHtml(req)) return next(error)
      again(req, res, shown).catch(next)
    },
  )

  async function again(req: Request, res: Response, shown: Shown): Promise<void> {
    const by = await enrollerOf(req)
    await show(req, res, by, (await totp.pending(by.user, by.id)) ?? 'expired', shown)
  }

  router.post(
    '/totp/disable',
    requireSession(states),
    csrf.protect({ visitors: false }),
    handle(async (req, res) => {
      const session = liveRecord(states.of(req).decision)
      const renewal = requestSession.renewal(req)
      const who = requestSession.claimant(req, session.userId, session.publicId)
      const { kept } = await twoFactor.disable(who, { session, ...renewal.ids }, parseForm(disableForm, req))
      if (kept) renewal.done(kept)
      pages.flash.set(res, { key: 'two_factor.disabled', params: {}, changed: 'two-factor' })
      pages.done(req, res, `${pages.base}/`)
    }),
    (error: unknown, req: Request, res: Response, next: NextFunction) => {
      const shown = shownOf(error)
      if (!shown || !wantsHtml(req)) return next(error)
      parts.showOverview(req, res, { twoFactor: shown }, shown.status).catch(next)
    },
  )
}

const NONE = { secret: '', otpauthUrl: '', expiresAt: 0 }
