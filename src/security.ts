import type { ErrorRequestHandler, Request, RequestHandler, Router } from 'express'
import { clientAddress } from '../middleware/client-address.js'
import { Csrf } from '../middleware/csrf.js'
import { errorHandler } from '../middleware/error-handler.js'
import { RequestSession } from '../middleware/establish-session.js'
import { FlashCookie } from '../middleware/flash.js'
import { KnownDeviceCookie } from '../middleware/known-device.js'
import { Pages } from '../middleware/pages.js'
import { RateLimits, type RateLimitOptions } from '../middleware/rate-limit.js'
import { RequestStates } from '../middleware/request-state.js'
import { requireApiKey, type ApiKeyOptions } from '../middleware/require-api-key.js'
import { requireSession } from '../middleware/require-session.js'
import { requireStepUp, type StepUpOptions } from '../middleware/require-step-up.js'
import { SessionStore } from '../middleware/session-store.js'
import { cookieAttributes, SessionCookie } from '../middleware/session.js'
import { Renderer } from '../views/renderer.js'
import type { EventAction } from './core/events.js'
import { Listeners, type Listener } from './core/listeners.js'
import { userIdOf, type AuthenticationMethod, type HostUser } from './core/users.js'
import { writeAuditRow } from './features/audit-log/audit-log.js'
import { KnownDevices } from './features/known-devices/known-devices.js'
import { prepareDummy } from './features/passwords/hashing.js'
import { HashingLane } from './features/passwords/hashing-lane.js'
import { Passwords, type Whence } from './features/passwords/passwords.js'
import { passwordRules } from './features/passwords/rules.js'
import { BY_HOST } from './features/sessions/sessions.js'
import { openLocations } from './features/sessions/devices.js'
import { sessionLister } from './features/sessions/view.js'
import { accountEnabled, SignIn } from './features/sign-in/complete-sign-in.js'
import { StepUp } from './features/step-up/step-up.js'
import { startPruning } from './features/throttle/pruning.js'
import { Throttle } from './features/throttle/throttle.js'
import { AccountState } from './features/users/account-state.js'
import { readCredential } from './features/users/users.js'
import { parseOptions } from './configuration.js'
import type { SecurityOptions } from './options.js'
import { startRegistry } from './registry.js'
import { createRouter } from './router.js'
import { Changes, openDatabase } from './stores/sql/database.js'

/** What a host mounts, guards with and calls. */
export interface Security {
  /** Session and check on every request, and the security pages under `basePath`. Mount it before your routes. */
  router: Router
  /** Mount it last: a refused guard becomes a redirect, a page or problem+json. */
  errorHandler: ErrorRequestHandler
  /** Lets signed-in users pass. */
  requireSession(): RequestHandler
  /** Lets users pass whose last proof is at most `maxAge` old; asks the others for a fresh one. */
  requireStepUp(options?: StepUpOptions): RequestHandler
  /** Lets requests with an API key of these scopes pass. */
  requireApiKey(options: ApiKeyOptions): RequestHandler
  /** Lets so many requests pass, per user or for visitors per network, and answers 429 to more. */
  rateLimit(options: RateLimitOptions): RequestHandler
  /** Signs a user in whose identity you have proven; the same door as every other sign-in. */
  signIn(
    req: Request,
    user: HostUser,
    proof: { amr: AuthenticationMethod['method'][]; remember?: boolean },
  ): Promise<void>
  sessions: {
    /** Ends a user's sessions, `except` one (public id); resolves with their number when no request of theirs is accepted any more. */
    revokeAll(userId: string, options?: { except?: string; reason?: 'revoked' | 'host' }): Promise<number>
  }
  passwords: {
    /** Sets a password and ends all sessions of the user. Throws when the password breaks the rules. */
    set(userId: string, plain: string): Promise<void>
    /** True when the user has a password here. */
    exists(userId: string): Promise<boolean>
  }
  users: {
    /** Ends all sessions of a user and refuses new ones. Resolves with the number of sessions ended. */
    disable(userId: string): Promise<number>
    enable(userId: string): Promise<void>
  }
  fragments: {
    /** The list of the user's sessions as HTML, for a page of your own. */
    sessions(req: Request): Promise<string>
    /** Addresses of the style sheets that fragments look best with, in their order. */
    styles: readonly string[]
  }
  /** Calls `listener` after commit, once, on the process where it happened. Returns how to stop. */
  on<A extends EventAction>(action: A, listener: Listener<A>): () => void
  /** Closes connections and stops the background work. */
  close(): Promise<void>
}

/** Checks the options, opens the stores, migrates the tables and joins the parts. Throws ConfigurationError when something is wrong. */
export async function createSecurity<U extends HostUser>(options: SecurityOptions<U>): Promise<Security> {
  const config = parseOptions(options)
  const { clock, origin, secure, report, users } = config
  const secrets = config.secret
  const locate = await openLocations(config.locations)
  const rules = await passwordRules(config.passwords.rules)
  const db = await openDatabase(config.database)
  const listeners = new Listeners(report)
  const changes = new Changes(db, [writeAuditRow], listeners)
  const registry = await startRegistry(config, db, changes).catch(async (error: unknown) => {
    await db.destroy()
    throw error
  })
  const { sessions } = registry

  const throttle = new Throttle({ db, clock, secrets, ...config.throttle })
  const lane = new HashingLane(config.passwords.hashing)
  const devices = new KnownDevices(db, clock)
  const stopPruning = startPruning([throttle, devices], report)
  const { contextWords } = config
  const passwords = new Passwords({ db, clock, users, sessions, throttle, lane, devices, rules, contextWords })
  await lane.runPatiently(prepareDummy)
  const signIn = new SignIn(sessions, changes, clock, [accountEnabled])
  const stepUp = new StepUp(passwords, changes, clock)
  const accounts = new AccountState(sessions, changes, clock)

  const states = new RequestStates()
  const addressOf = clientAddress(config.proxyHops)
  const signOut = async (publicId: string) => void (await sessions.revoke({ publicId }, BY_HOST, 'signed_out'))
  const check = (idHash: string) => sessions.check(idHash)
  const store = new SessionStore({
    clock,
    data: registry.data,
    check,
    signOut,
    report,
    states,
    cookie: cookieAttributes(secure),
  })
  const cookie = new SessionCookie({ store, secrets, secure, clock })
  const knownDevice = new KnownDeviceCookie({ devices, secrets, secure, report })
  const requestSession = new RequestSession({ signIn, sessions, cookie, knownDevice, addressOf, states })
  const whence = (req: Request): Whence => ({
    address: addressOf(req),
    deviceToken: (userId) => knownDevice.tokenFor(req, userId),
  })
  const rateLimits = new RateLimits({ redis: registry.redis, states, addressOf, secrets })
  const csrf = new Csrf({ secrets, origin, secure, clock, states })
  const flash = new FlashCookie(secrets, secure)
  const { basePath, productName } = config
  const pages = new Pages({ renderer: new Renderer(), csrf, flash, basePath, productName, clock })
  const listSessions = sessionLister(sessions, locate)

  const router = createRouter({
    states,
    pages,
    csrf,
    cookie,
    sessions,
    listSessions,
    passwords,
    lane,
    signIn,
    stepUp,
    requestSession,
    clock,
    addressOf,
    whence,
    rateLimits,
    requestsPerMinute: config.requestsPerMinute,
    origin,
    secure,
    users,
    basePath,
    afterSignIn: config.afterSignIn,
    report,
  })

  return {
    router,
    errorHandler: errorHandler({ pages, origin, report }),
    requireSession: () => requireSession(states),
    requireStepUp: (given = {}) => requireStepUp(given, clock, states),
    requireApiKey,
    rateLimit: (given) => rateLimits.forHost(given),
    signIn: async (req, user, { amr, remember = false }) => {
      const { epoch } = await readCredential(db, userIdOf(user))
      await requestSession.begin(req, { user, epoch, amr }, { remember })
    },
    sessions: {
      revokeAll: (userId, { except, reason } = {}) => {
        const kept = except === undefined ? undefined : { publicId: except, mustLive: false }
        return sessions.revokeAll(userId, { except: kept, ...(reason && { reason }) }, BY_HOST)
      },
    },
    passwords: {
      set: (userId, plain) => passwords.set(userId, plain),
      exists: async (userId) => (await passwords.stateOf(userId)).managedHere,
    },
    users: { disable: (userId) => accounts.disable(userId), enable: (userId) => accounts.enable(userId) },
    fragments: {
      styles: pages.renderer.assets.names.map((name) => `${basePath}/assets/${name}`),
      sessions: async (req) => {
        const { decision } = states.of(req)
        if (decision.kind !== 'live' || !req.res) return ''
        const list = await listSessions(decision.record.userId, decision.record.publicId)
        return pages.renderer.sessionsFragment(list, pages.surroundings(req, req.res))
      },
    },
    on: (action, listener) => listeners.on(action, listener),
    close: async () => {
      stopPruning()
      registry.close()
      await db.destroy()
    },
  }
}
