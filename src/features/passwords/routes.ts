import type { NextFunction, Request, Response, Router } from 'express'
import { z } from 'zod'
import { FormError } from '../../core/errors.js'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { parseForm, text } from '../../../middleware/form.js'
import { handle } from '../../../middleware/handle.js'
import { wantsHtml } from '../../../middleware/negotiate.js'
import type { Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { liveRecord, requireSession } from '../../../middleware/require-session.js'
import type { ShowOverview } from '../overview/routes.js'
import type { Passwords } from './passwords.js'

const field = text(4096).refine((value) => value !== '', 'required')
const passwordForm = z.object({ currentPassword: field, newPassword: field, confirmPassword: field })

interface Parts {
  states: RequestStates
  router: Router
  pages: Pages
  csrf: Csrf
  passwords: Passwords
  requestSession: RequestSession
  showOverview: ShowOverview
}

/** `POST /password`: change the own password; every other session ends, this one goes on under a new id. */
export function passwordRoutes({ router, states, pages, csrf, passwords, requestSession, showOverview }: Parts): void {
  router.post(
    '/password',
    requireSession(states),
    csrf.protect({ visitors: false }),
    handle(async (req, res) => {
      const { userId, email, name, publicId } = liveRecord(states.of(req).decision)
      await passwords.assertManagedHere(userId)
      const form = parseForm(passwordForm, req)
      const by = requestSession.by(req)
      const renewal = requestSession.renewal(req)
      const user = { id: userId, email, name }
      const { ended, kept } = await passwords.change(user, form, { publicId, ...renewal.ids }, by)
      renewal.done(kept)
      pages.flash.set(res, { key: 'password.done', params: { count: ended }, changed: 'password' })
      pages.done(req, res, `${pages.base}/`, { sessionsRevoked: ended })
    }),
    (error: unknown, req: Request, res: Response, next: NextFunction) => {
      if (!(error instanceof FormError) || !wantsHtml(req)) return next(error)
      showOverview(req, res, { password: error.fields }, error.status).catch(next)
    },
  )
}
