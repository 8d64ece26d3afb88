import type { Request, RequestHandler, Response } from 'express'
import { sha256 } from '../src/core/crypto.js'
import { ConfigurationError } from '../src/core/errors.js'
import type { User } from '../src/core/users.js'
import type { SessionRecord } from '../src/features/sessions/session.js'
import type { Register } from '../src/features/sign-in/complete-sign-in.js'
import { dataOf } from './empty-session.js'
import type { HostClaims } from './host-claims.js'
import { storeOf, type HostStores } from './host-store.js'
import {
  forgetPassportData,
  hasPassport,
  passportKey,
  passportUser,
  setPassportUser,
  type PassportMethods,
} from './passport.js'
import type { Carried, LogInOptions, SessionCarrier } from './session-carrier.js'

const NO_STORE =
  'req.session has no store behind it (cookie-session?): a session that lives in the browser alone cannot be revoked; ' +
  'use express-session with a store'
const NO_SESSION =
  "session: 'host' finds no req.session here; mount express-session (and Passport) before security.router"

interface Parts {
  claims: HostClaims
  stores: HostStores
  methods: PassportMethods
  /** Asks the registry, and acts on the answer, before host code runs. */
  enter: (req: Request, res: Response) => Promise<void>
}

/** The host's own express-session, under the rules of the registry: it carries the id, and decides nothing. */
export class HostSession implements SessionCarrier {
  readonly middleware: RequestHandler
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
    this.middleware = (req, res, next) => {
      if (!req.session) return next() // a path that the host's session does not cover
      const store = storeOf(req)
      if (!store) return next(new ConfigurationError(NO_STORE))
      parts.stores.watch(store)
      parts.enter(req, res).then(() => next(), next)
    }
  }

  assertCanSend(req: Request): void {
    if (!req.session || !storeOf(req)) throw new ConfigurationError(NO_SESSION)
    if (req.res?.headersSent) throw new ConfigurationError('sign in before the answer is sent: it carries the cookie')
  }

  /**
   * A new id first, whatever the host's Passport does about it; then its own `logIn`, then the registration. What
   * a visitor had in the session is kept, as far as that Passport keeps it; what a user had is not: that session may
   * have been revoked a moment ago.
   */
  async begin(req: Request, user: User, register: Register, options: LogInOptions): Promise<Carried> {
    const before = { session: req.session, sessionID: req.sessionID, user: passportUser(req) }
    const store = storeOf(req)!
    const isVisitor = !this.#parts.claims.isSignedIn(req)
    store.generate(req)
    if (isVisitor) {
      // what Passport has there is its own: it would write the user into the very object that is kept for a failure
      const { [passportKey(req)]: _, ...kept } = dataOf(before.session)
      Object.assign(req.session, kept)
      keepLifetime(before.session, req.session)
    }
    forgetPassportData(req)
    try {
      await this.#logIn(req, user, options)
      this.assertCanSend(req) // a host that does not wait may have answered
      const idHash = sha256(req.sessionID)
      const record = await register(idHash)
      this.#parts.stores.drop(store, before.sessionID)
      return { idHash, record }
    } catch (error) {
      if (req.sessionID) this.#parts.stores.drop(store, req.sessionID)
      Object.assign(req, { session: before.session, sessionID: before.sessionID })
      forgetPassportData(req)
      setPassportUser(req, before.user)
      throw error
    }
  }

  async #logIn(req: Request, user: User, options: LogInOptions): Promise<void> {
    const logIn = hasPassport(req) ? this.#parts.methods.original(req, 'logIn') : undefined
    if (!logIn) return this.#parts.claims.mark(req, false)
    await new Promise<void>((resolve, reject) => {
      logIn.call(req, user.row, options, (error?: unknown) => (error ? reject(asError(error)) : resolve()))
    })
    this.#parts.claims.mark(req, true)
  }

  renewal(req: Request): { idHash: string; move: (record: SessionRecord) => void } {
    const store = storeOf(req)!
    const { session, sessionID } = req
    store.generate(req)
    const next = { session: req.session, sessionID: req.sessionID }
    Object.assign(req, { session, sessionID })
    const move = () => {
      Object.assign(next.session, dataOf(session))
      keepLifetime(session, next.session)
      Object.assign(req, next)
      this.#parts.stores.drop(store, sessionID)
    }
    return { idHash: sha256(next.sessionID), move }
  }

  async end(req: Request): Promise<void> {
    const [store, sid] = [storeOf(req), req.sessionID]
    setPassportUser(req, null)
    delete (req as { session?: unknown }).session // express-session stores and sends nothing any more
    if (store && sid) this.#parts.stores.drop(store, sid)
  }
}

/** "Keep me signed in", as the host has written it into the cookie. */
function keepLifetime({ cookie: { originalMaxAge } }: Request['session'], to: Request['session']): void {
  if (originalMaxAge !== null) to.cookie.maxAge = originalMaxAge
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error('req.logIn failed', { cause: error }))
