import type { Request, Router } from 'express'
import { SecurityError } from '../../core/errors.js'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { handle } from '../../../middleware/handle.js'
import { refererPath, wantsJson } from '../../../middleware/negotiate.js'
import type { Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { liveRecord, requireSession } from '../../../middleware/require-session.js'
import type { Sessions } from './sessions.js'
import type { ListSessions } from './view.js'

interface Parts {
  states: RequestStates
  router: Router
  pages: Pages
  csrf: Csrf
  sessions: Sessions
  listSessions: ListSessions
  requestSession: RequestSession
  origin: string
}

/** `GET /sessions`, `POST /sessions/:id/revoke`, `POST /sessions/revoke-others`. */
export function sessionRoutes(parts: Parts): void {
  const { router, states, pages, csrf, sessions, listSessions, requestSession, origin } = parts
  /** The page that the form stood on: the Security page, the list, or one of the host's own. */
  const cameFrom = (req: Request) => refererPath(req, origin) ?? `${pages.base}/sessions`
  const guards = [requireSession(states), csrf.protect({ visitors: false })]

  router.get(
    '/sessions',
    requireSession(states),
    handle(async (req, res) => {
      const { userId, publicId } = liveRecord(states.of(req).decision)
      pages.send(req, res, 'sessions', { sessions: await listSessions(userId, publicId) })
    }),
  )

  router.post(
    '/sessions/revoke-others',
    guards,
    handle(async (req, res) => {
      const { userId, publicId } = liveRecord(states.of(req).decision)
      const revoked = await sessions.revokeAll(
        userId,
        { except: { publicId, mustLive: true }, reason: 'revoked_others' },
        requestSession.by(req),
      )
      pages.flash.set(res, { key: 'sessions.others_done', params: { count: revoked } })
      pages.done(req, res, cameFrom(req), { revoked })
    }),
  )

  router.post(
    '/sessions/:id/revoke',
    guards,
    handle(async (req, res) => {
      const { userId, publicId } = liveRecord(states.of(req).decision)
      const id = String(req.params.id)
      if (id === publicId) {
        await requestSession.end(req, res)
        return pages.done(req, res, `${pages.base}/sign-in`)
      }
      const { found, ended } = await sessions.revoke({ publicId: id, userId }, requestSession.by(req))
      // a script is told that there is no such session; a person who clicked twice is told that it is done
      if (!found || (!ended && wantsJson(req))) throw new SecurityError('not_found')
      pages.flash.set(res, { key: ended ? 'sessions.revoked_done' : 'sessions.revoked_before', params: {} })
      pages.done(req, res, cameFrom(req))
    }),
  )
}
