import type { NextFunction, Request, Response, Router } from 'express'
import { z } from 'zod'
import { FormError, SecurityError } from '../../core/errors.js'
import { localPath } from '../../core/return-to.js'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { checkbox, parseForm, typed } from '../../../middleware/form.js'
import { handle } from '../../../middleware/handle.js'
import { wantsHtml, wantsJson } from '../../../middleware/negotiate.js'
import type { Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import type { HalfFinished, HalfFinishedSignIns } from '../sign-in/half-finished.js'
import type { TrustedBrowsers } from '../trusted-browsers/trusted-browsers.js'
import { factorFields, NOTHING_WRONG, shownOf, usingOf, type Shown } from '../../../middleware/factor-form.js'
import type { SecondFactors, TypedFactor } from './second-factors.js'

const form = z.object({ ...factorFields, trustBrowser: checkbox, returnTo: z.unknown().optional() })

/** So few recovery codes that their owner should hear of it. */
export const FEW_CODES = 3

interface Parts {
  router: Router
  states: RequestStates
  pages: Pages
  csrf: Csrf
  factors: SecondFactors
  halfFinished: HalfFinishedSignIns
  trusted: TrustedBrowsers
  requestSession: RequestSession
  origin: string
  afterSignIn: string
  support: string | null
}

/** `GET,POST /two-factor`: the second half of a sign-in. */
export function twoFactorRoutes(parts: Parts): void {
  const { router, states, pages, csrf, factors, requestSession, origin } = parts

  async function show(req: Request, res: Response, half: HalfFinished, shown: Shown): Promise<void> {
    const { support, trusted } = parts
    const { errors, clockOffBy, status } = shown
    if (half.owes === 'enrolment') return pages.send(req, res, 'enrolment-required', { support }, status)
    const methods = await factors.methodsOf(half.user.id)
    const using = methods.code ? usingOf(req) : 'recovery_code'
    const isPost = req.method === 'POST'
    const returnTo = localPath(isPost ? typed(req, 'returnTo') : req.query.returnTo, origin)
    const trust = typed(req, 'trustBrowser') !== ''
    const model = { using, methods, trustDays: trusted.days, trust, returnTo, support, errors, clockOffBy }
    pages.send(req, res, 'two-factor', model, status)
  }

  /** Nothing is half-finished here (any more): back to the beginning, or on, for who is in already. */
  function leave(req: Request, res: Response): void {
    const returnTo = localPath(req.query.returnTo, origin)
    const isIn = states.of(req).decision.kind === 'live'
    if (isIn && req.method === 'GET' && !wantsJson(req)) return res.redirect(303, returnTo ?? parts.afterSignIn)
    if (wantsHtml(req)) pages.flash.set(res, { key: 'sign_in.half_finished_over', params: {} })
    throw new SecurityError('challenge_void')
  }

  router.get(
    '/two-factor',
    handle(async (req, res) => {
      const half = await requestSession.halfFinished(req)
      if (half) await show(req, res, half, NOTHING_WRONG)
      else leave(req, res)
    }),
  )

  router.post(
    '/two-factor',
    csrf.protect({ visitors: true }),
    handle(async (req, res) => {
      const half = await requestSession.halfFinished(req)
      if (!half || half.owes !== 'second_factor') return leave(req, res)
      const { trustBrowser, returnTo, ...given } = parseForm(form, req)
      const left = await prove(req, half, given, trustBrowser)
      if (left !== undefined && left <= FEW_CODES)
        pages.flash.set(res, { key: 'two_factor.codes_low', params: { count: left }, changed: 'two-factor' })
      const to = localPath(returnTo, origin) ?? half.returnTo ?? parts.afterSignIn
      const { id, email, name } = half.user
      pages.done(req, res, to, { user: { id, email, name } })
    }),
    (error: unknown, req: Request, res: Response, next: NextFunction) => {
      const shown = shownOf(error)
      if (!shown || !wantsHtml(req)) return next(error)
      again(req, res, shown).catch(next)
    },
  )

  /** Signs in; how many recovery codes are left, where one was used. */
  async function prove(req: Request, half: HalfFinished, given: TypedFactor, trust: boolean) {
    if (!given.code && !given.recoveryCode && !given.passkey)
      // an empty form is no attempt
      throw new FormError('invalid_form', { [usingOf(req) === 'code' ? 'code' : 'recoveryCode']: ['required'] })
    const who = requestSession.claimant(req, half.user.id, half.id)
    const proof = await parts.halfFinished.attempt(half, () => factors.verify(who, given))
    const { record } = await requestSession.finish(req, half, proof, { trust })
    if (!record) throw new SecurityError('challenge_void')
    return proof.left
  }

  /** The page once more, unless that was one wrong code too many. */
  async function again(req: Request, res: Response, shown: Shown): Promise<void> {
    const half = await requestSession.halfFinished(req)
    if (half) return show(req, res, half, shown)
    pages.flash.set(res, { key: 'sign_in.too_many_codes', params: {} })
    res.redirect(303, `${pages.base}/sign-in`)
  }
}
