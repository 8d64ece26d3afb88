import type { Request, Router } from 'express'
import { SecurityError } from '../../core/errors.js'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { localPath } from '../../core/return-to.js'
import { typed } from '../../../middleware/form.js'
import { handle } from '../../../middleware/handle.js'
import { refererPath, wantsJson } from '../../../middleware/negotiate.js'
import type { OwnEntry, Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { liveRecord, requireSession } from '../../../middleware/require-session.js'
import type { Flash } from '../../../views/models.js'
import { UNKNOWN } from './devices.js'
import type { Sessions } from './sessions.js'
import type { ListSessions } from './view.js'

export const sessionsEntry: OwnEntry = { path: '/sessions', label: 'nav.sessions' }

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

/** `GET /sessions`; `GET,POST /sessions/:id/revoke` and `/sessions/revoke-others`: asked first, then done. */
export function sessionRoutes(parts: Parts): void {
  const { router, states, pages, csrf, sessions, listSessions, requestSession, origin } = parts
  const list = `${pages.base}/sessions`
  /** The page that the link or the form stood on: the Security page, the list, or one of the host's own. */
  const cameFrom = (req: Request) => {
    const page = localPath(typed(req, 'returnTo'), origin) ?? refererPath(req, origin) ?? list
    if (!page.startsWith(`${pages.base}/`)) return page
    const [path] = page.slice(pages.base.length).split(/[?#]/)
    // the Security page of a refused form stands at the form's address, which answers no GET
    if (path === '/' || path === '/password') return `${pages.base}/`
    if (path === '/secure-account') return `${pages.base}${path}`
    if (path === '/sessions') return `${list}${/\?page=\d{1,3}$/.exec(page)?.[0] ?? ''}`
    return list // a question, or the sign-in before it, is nothing to go back to: it would ask again
  }
  const sessionsFor = (req: Request) => {
    const { userId, publicId } = liveRecord(states.of(req).decision)
    return listSessions(userId, publicId, pages.languageOfAnswer(req))
  }
  const guards = [requireSession(states), csrf.protect({ visitors: false })]

  router.get(
    '/sessions',
    requireSession(states),
    handle(async (req, res) => {
      pages.send(req, res, 'sessions', { sessions: await sessionsFor(req), listPage: listPageOf(req) })
    }),
  )

  // Each asks first: a link leads here where no script opens the same question as a dialog.
  router.get(
    '/sessions/revoke-others',
    requireSession(states),
    handle(async (req, res) => {
      const others = (await sessionsFor(req)).filter((each) => !each.current)
      pages.send(req, res, 'revoke', {
        session: null,
        count: others.length,
        returnTo: cameFrom(req),
      })
    }),
  )

  router.get(
    '/sessions/:id/revoke',
    requireSession(states),
    handle(async (req, res) => {
      const session = (await sessionsFor(req)).find(({ id }) => id === req.params.id)
      if (!session) throw new SecurityError('not_found')
      pages.send(req, res, 'revoke', { session, count: 1, returnTo: cameFrom(req) })
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
      pages.flash.set(res, { key: 'sessions.others_done', params: { count: revoked }, changed: 'sessions' })
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
      const session = (await sessionsFor(req)).find((each) => each.id === id)
      const { found, ended } = await sessions.revoke({ publicId: id, userId }, requestSession.by(req))
      // a script is told that there is no such session; a person who clicked twice is told that it is done
      if (!found || (!ended && wantsJson(req))) throw new SecurityError('not_found')
      const device =
        session && session.device.label !== UNKNOWN.label ? pages.wordsFor(req).device(session.device) : null
      pages.flash.set(res, { ...revokedMessage(device, ended), changed: 'sessions' })
      pages.done(req, res, cameFrom(req))
    }),
  )
}

/** What the next page says. `device`: its name; null: nobody knows. */
function revokedMessage(device: string | null, ended: boolean): Pick<Flash, 'key' | 'params'> {
  if (!ended) return { key: 'sessions.revoked_before', params: {} }
  return device === null
    ? { key: 'sessions.revoked_unknown', params: {} }
    : { key: 'sessions.revoked_done', params: { device } }
}

/** Which page of the list is asked for; the first where that is no number. */
function listPageOf({ query: { page } }: Request): number {
  return (typeof page === 'string' && /^\d{1,3}$/.test(page) && Number(page)) || 1
}
