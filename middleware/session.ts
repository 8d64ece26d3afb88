import type { CookieOptions, Request, RequestHandler, Response } from 'express'
import session from 'express-session'
import { deriveKey, randomToken, sha256 } from '../src/core/crypto.js'
import type { Clock } from '../src/core/clock.js'
import { ConfigurationError } from '../src/core/errors.js'
import type { SessionRecord } from '../src/features/sessions/session.js'
import type { SessionStore } from './session-store.js'

const TWO_SESSIONS =
  'req.session is there already, from an express-session of your own; take that one out, security.router brings it along'

/** Attributes of the session cookie; its lifetime is that of the session. */
export const cookieAttributes = (secure: boolean): CookieOptions => ({
  httpOnly: true,
  sameSite: 'lax',
  path: '/',
  secure,
})

export interface SessionOptions {
  store: SessionStore
  secrets: readonly string[]
  /** True where the origin is https: then the cookie is `__Host-`, Secure. */
  secure: boolean
  clock: Clock
}

/** The session cookie and express-session behind it; the one place that gives a request a new session id. */
export class SessionCookie {
  readonly name: string
  readonly middleware: RequestHandler
  readonly #options: SessionOptions
  readonly #attributes: CookieOptions
  readonly #next = new WeakMap<Request, string>()

  constructor(options: SessionOptions) {
    this.#options = options
    this.name = options.secure ? '__Host-sallyport' : 'sallyport'
    this.#attributes = cookieAttributes(options.secure)
    const load = session({
      name: this.name,
      store: options.store,
      secret: options.secrets.map((secret) => deriveKey(secret, 'session cookie').toString('base64url')),
      resave: false,
      saveUninitialized: false,
      cookie: this.#attributes,
      genid: (req) => this.#next.get(req) ?? randomToken(),
    })
    this.middleware = (req, res, next) =>
      req.session ? next(new ConfigurationError(TWO_SESSIONS)) : load(req, res, next)
  }

  /** Refuses, before anything is registered, a request whose answer cannot carry a cookie any more. */
  assertCanSend(req: Request): void {
    if ((req.sessionStore as unknown) !== this.#options.store)
      throw new ConfigurationError('this request did not pass security.router; mount it before the routes that sign in')
    if (req.res?.headersSent) throw new ConfigurationError('sign in before the answer is sent: it carries the cookie')
  }

  /** A new session id and its hash, not yet given to anybody. */
  newId(): { sid: string; idHash: string } {
    const sid = randomToken()
    return { sid, idHash: sha256(sid) }
  }

  /**
   * Puts the request under a new id, for a session that is registered under it. Data of the host is carried along
   * when the same user goes on (rotation), and left behind at a sign-in.
   */
  moveTo(req: Request, id: { sid: string; idHash: string }, record: SessionRecord, keepData: boolean): void {
    const { cookie: _, ...data } = req.session ?? {}
    this.#next.set(req, id.sid)
    this.#options.store.generate(req)
    this.#next.delete(req)
    if (keepData) Object.assign(req.session, data)
    req.session.cookie.maxAge = Math.max(0, record.expiresAt - this.#options.clock.now())
    this.#options.store.own(req.session, id.idHash, record)
  }

  /** Expires the cookie, by name. */
  clear(res: Response): void {
    res.clearCookie(this.name, this.#attributes)
  }
}
