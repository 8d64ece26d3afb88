import type { Router } from 'express'
import { z } from 'zod'
import { FormError, SecurityError } from '../../core/errors.js'
import { localPath } from '../../core/return-to.js'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { checkbox, parseForm, text } from '../../../middleware/form.js'
import { handle } from '../../../middleware/handle.js'
import { wantsJson } from '../../../middleware/negotiate.js'
import type { Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { liveRecord, requireSession } from '../../../middleware/require-session.js'
import type { StepUpGuard } from '../../../middleware/require-step-up.js'
import type { SessionRecord } from '../sessions/session.js'
import type { TwoFactor } from '../two-factor/two-factor.js'
import type { RecoveryCodes } from './recovery-codes.js'

const regenerateForm = z.object({ generation: text(64).optional() })
const savedForm = z.object({ generation: text(64).optional(), saved: checkbox, returnTo: z.unknown().optional() })

interface Parts {
  router: Router
  states: RequestStates
  pages: Pages
  csrf: Csrf
  recoveryCodes: RecoveryCodes
  twoFactor: TwoFactor
  requestSession: RequestSession
  stepUp: StepUpGuard
  origin: string
}

/** `POST /recovery-codes/regenerate` shows eight new codes once; `POST /recovery-codes/saved` notes that they are safe. */
export function recoveryCodeRoutes(parts: Parts): void {
  const { router, states, pages, csrf, recoveryCodes, twoFactor, requestSession, stepUp, origin } = parts
  /**
   * A form says which codes it is to replace, so that sending it twice does not make those worthless that were just
   * written down. A script need not: it gets new codes once for each proof that it gives.
   */
  async function sinceProof({ userId, authenticatedAt }: SessionRecord): Promise<string> {
    const codes = await recoveryCodes.left(userId)
    if (!codes) throw new SecurityError('forbidden')
    if (codes.createdAt > authenticatedAt) throw new SecurityError('already_done')
    return codes.generation
  }

  router.post(
    '/recovery-codes/regenerate',
    requireSession(states),
    csrf.protect({ visitors: false }),
    stepUp,
    handle(async (req, res) => {
      const session = liveRecord(states.of(req).decision)
      const { userId, email } = session
      const { generation = await sinceProof(session) } = parseForm(regenerateForm, req)
      const made = await twoFactor.regenerate({ userId, by: requestSession.by(req) }, generation)
      if (!(await requestSession.renew(req, null, made.write))) throw new SecurityError('sign_in_required')
      res.setHeader('Cache-Control', 'no-store')
      const model = { ...made.shown, because: 'regenerated' as const, account: email, returnTo: `${pages.base}/` }
      pages.send(req, res, 'recovery-codes', model)
    }),
  )

  router.post(
    '/recovery-codes/saved',
    requireSession(states),
    csrf.protect({ visitors: false }),
    handle(async (req, res) => {
      const { userId } = liveRecord(states.of(req).decision)
      const { generation, saved, returnTo } = parseForm(savedForm, req)
      // the codes cannot be shown again: the Security page says that they were never saved, and makes new ones
      if (!saved && !wantsJson(req)) return res.redirect(303, `${pages.base}/`)
      if (!saved) throw new FormError('invalid_form', { saved: ['required'] })
      const current = generation ?? (await recoveryCodes.left(userId))?.generation ?? ''
      if (!(await recoveryCodes.saved(userId, current))) throw new SecurityError('already_done')
      pages.flash.set(res, { key: 'two_factor.codes_saved', params: {}, changed: 'two-factor' })
      pages.done(req, res, localPath(returnTo, origin) ?? `${pages.base}/`)
    }),
  )
}
