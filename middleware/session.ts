import type { CookieOptions, Request, RequestHandler, Response } from 'express'
import session from 'express-session'
import { deriveKey, randomToken, sha256 } from '../src/core/crypto.js'
import type { Clock } from '../src/core/clock.js'
import { ConfigurationError } from '../src/core/errors.js'
import type { User } from '../src/core/users.js'
import type { SessionRecord } from '../src/features/sessions/session.js'
import type { Register } from '../src/features/sign-in/complete-sign-in.js'
import type { Carried, SessionCarrier } from './session-carrier.js'
import type { SessionStore } from './session-store.js'

const TWO_SESSIONS =
  "req.session is there already, from an express-session of your own; write session: 'host' to keep it, or take it out: " +
  'security.router brings its own'

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
export class SessionCookie implements SessionCarrier {
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

  assertCanSend(req: Request): void {
    if ((req.sessionStore as unknown) !== this.#options.store)
      throw new ConfigurationError('this request did not pass security.router; mount it before the routes that sign in')
    if (req.res?.headersSent) throw new ConfigurationError('sign in before the answer is sent: it carries the cookie')
  }

  async begin(req: Request, _user: User, register: Register): Promise<Carried> {
    const id = newId()
    const record = await register(id.idHash)
    this.#moveTo(req, id, record, {})
    return { idHash: id.idHash, record }
  }

  renewal(req: Request): { idHash: string; move: (record: SessionRecord) => void } {
    const id = newId()
    const move = (record: SessionRecord) => {
      const { cookie: _, ...data } = req.session ?? {}
      this.#moveTo(req, id, record, data)
    }
    return { idHash: id.idHash, move }
  }

  /** Expires the cookie, by name. */
  async end(_req: Request, res: Response): Promise<void> {
    res.clearCookie(this.name, this.#attributes)
  }

  /** Data of the host is carried along when the same user goes on, and left behind at a sign-in. */
  #moveTo(req: Request, id: NewId, record: SessionRecord, data: object): void {
    this.#next.set(req, id.sid)
    this.#options.store.generate(req)
    this.#next.delete(req)
    Object.assign(req.session, data)
    req.session.cookie.maxAge = Math.max(0, record.expiresAt - this.#options.clock.now())
    this.#options.store.own(req.session, id.idHash, record)
  }
}

interface NewId {
  sid: string
  idHash: string
}

/** A new session id and its hash, not yet given to anybody. */
function newId(): NewId {
  const sid = randomToken()
  return { sid, idHash: sha256(sid) }
}
