import type { Router } from 'express'
import { SecurityError } from '../../core/errors.js'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { handle } from '../../../middleware/handle.js'
import type { Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { liveRecord, requireSession } from '../../../middleware/require-session.js'
import type { TrustedBrowsers } from './trusted-browsers.js'

interface Parts {
  router: Router
  states: RequestStates
  pages: Pages
  csrf: Csrf
  trusted: TrustedBrowsers
  requestSession: RequestSession
}

/** `POST /trusted-browsers/:id/remove`: asks that browser for the second factor again. */
export function trustedBrowserRoutes({ router, states, pages, csrf, trusted, requestSession }: Parts): void {
  router.post(
    '/trusted-browsers/:id/remove',
    requireSession(states),
    csrf.protect({ visitors: false }),
    handle(async (req, res) => {
      const { userId } = liveRecord(states.of(req).decision)
      const removed = await trusted.remove(userId, String(req.params.id), requestSession.by(req))
      if (!removed) throw new SecurityError('not_found')
      pages.flash.set(res, { key: 'trusted_browsers.removed', params: {}, changed: 'trusted-browsers' })
      pages.done(req, res, `${pages.base}/`)
    }),
  )
}
