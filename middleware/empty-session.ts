import type { Request, Response } from 'express'
import { beforeAnswer } from './hold-answer.js'
import type { HostStore } from './host-store.js'
import { forgetPassportUser } from './passport.js'

/** What the host keeps in a session. */
export function dataOf(session: Request['session']): Record<string, unknown> {
  const { cookie: _, ...data } = session
  return data
}

/**
 * Gives a request with a dead id an empty session. Nothing is stored under the dead id, and no cookie is sent: a newer
 * one may be on its way to that browser. `mayStart`: once the host stores something, it goes under a new id, and that is sent.
 */
export function emptySession(req: Request, res: Response, store: HostStore, mayStart: boolean): void {
  forgetPassportUser(req)
  store.generate(req)
  const fresh = req.sessionID
  unsetId(req, res, () => {
    const isUsed = req.session && Object.keys(dataOf(req.session)).length > 0
    return req.sessionID === fresh && !(mayStart && isUsed)
  })
}

/**
 * Keeps from a request what is in its session, while nobody can tell whether that is alive. What is stored stays as it
 * is; only `destroy` and `regenerate` go through, and fail aloud: nobody is to believe that they are signed out.
 */
export function hideSession(req: Request, res: Response, store: HostStore, cause: unknown): void {
  forgetPassportUser(req)
  const sid = req.sessionID
  store.createSession(req, { cookie: { originalMaxAge: null } })
  const { session } = req
  const methods = {
    save: (done?: (error?: unknown) => void) => (done?.(), session),
    reload: (done: (error?: unknown) => void) => (done(cause), session),
  }
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(session, name, { value, configurable: true, writable: true, enumerable: false })
  unsetId(req, res, () => req.sessionID === sid)
}

/** express-session saves nothing, and sends no cookie, for a request without an id. The host's own code has one until then. */
function unsetId(req: Request, res: Response, when: () => boolean): void {
  beforeAnswer(res, () => {
    if (when()) Object.assign(req, { sessionID: undefined })
  })
}
