import type { Router } from 'express'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { handle } from '../../../middleware/handle.js'
import type { Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { liveRecord, requireSession } from '../../../middleware/require-session.js'
import type { SecureAccount } from './secure-account.js'

interface Parts {
  router: Router
  states: RequestStates
  pages: Pages
  csrf: Csrf
  secureAccount: SecureAccount
  requestSession: RequestSession
}

/** `GET /secure-account`: the checklist. `POST`: "I have reviewed my activity"; the other steps have forms of their own. */
export function secureAccountRoutes(parts: Parts): void {
  const { router, states, pages, csrf, secureAccount, requestSession } = parts
  router.get(
    '/secure-account',
    requireSession(states),
    handle(async (req, res) => {
      const { userId, publicId } = liveRecord(states.of(req).decision)
      pages.send(req, res, 'secure-account', await secureAccount.stepsOf(userId, publicId, pages.languageOfAnswer(req)))
    }),
  )
  router.post(
    '/secure-account',
    requireSession(states),
    csrf.protect({ visitors: false }),
    handle(async (req, res) => {
      const { userId } = liveRecord(states.of(req).decision)
      await secureAccount.reviewed(userId, requestSession.by(req))
      pages.flash.set(res, { key: 'secure.reviewed_done', params: {}, changed: 'activity' })
      pages.done(req, res, `${pages.base}/secure-account`)
    }),
  )
}
