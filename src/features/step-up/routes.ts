import type { NextFunction, Request, Response, Router } from 'express'
import { z } from 'zod'
import { FormError, SecurityError, type FieldErrors } from '../../core/errors.js'
import { localPath } from '../../core/return-to.js'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { parseForm, text, typed } from '../../../middleware/form.js'
import { handle } from '../../../middleware/handle.js'
import { wantsHtml } from '../../../middleware/negotiate.js'
import type { Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { liveRecord, requireSession } from '../../../middleware/require-session.js'
import type { Passwords } from '../passwords/passwords.js'
import type { StepUp } from './step-up.js'

const form = z.object({
  password: text(4096).refine((value) => value !== '', 'required'),
  returnTo: z.unknown().optional(),
})

interface Parts {
  states: RequestStates
  router: Router
  pages: Pages
  csrf: Csrf
  passwords: Passwords
  stepUp: StepUp
  requestSession: RequestSession
  origin: string
}

/** `GET,POST /step-up`: prove once more who you are, and go on where you were. */
export function stepUpRoutes({ router, states, pages, csrf, passwords, stepUp, requestSession, origin }: Parts): void {
  async function show(req: Request, res: Response, errors: FieldErrors, status: number): Promise<void> {
    const { userId } = liveRecord(states.of(req).decision)
    const returnTo = localPath(req.method === 'POST' ? typed(req, 'returnTo') : req.query.returnTo, origin)
    const canUsePassword = await passwords.canVerify(userId)
    pages.send(req, res, 'step-up', { canUsePassword, returnTo, errors }, status)
  }

  router.get(
    '/step-up',
    requireSession(states),
    handle((req, res) => show(req, res, {}, 200)),
  )

  router.post(
    '/step-up',
    requireSession(states),
    csrf.protect({ visitors: false }),
    handle(async (req, res) => {
      const { password, returnTo } = parseForm(form, req)
      const session = liveRecord(states.of(req).decision)
      const proof = await stepUp.byPassword(session, password, requestSession.by(req))
      if (!proof) throw new FormError('invalid_credentials', { password: ['wrong_password'] })
      if (!(await requestSession.renew(req, proof, proof.record))) throw new SecurityError('sign_in_required')
      pages.done(req, res, localPath(returnTo, origin) ?? `${pages.base}/`)
    }),
    (error: unknown, req: Request, res: Response, next: NextFunction) => {
      if (!(error instanceof FormError) || !wantsHtml(req)) return next(error)
      show(req, res, error.fields, error.status).catch(next)
    },
  )
}
