import type { Request } from 'express'
import { clientAddress } from '../middleware/client-address.js'
import { Csrf } from '../middleware/csrf.js'
import { errorHandler } from '../middleware/error-handler.js'
import { FlashCookie } from '../middleware/flash.js'
import { KnownDeviceCookie } from '../middleware/known-device.js'
import { Pages } from '../middleware/pages.js'
import { RateLimits } from '../middleware/rate-limit.js'
import { refusedSignIns } from '../middleware/refused-sign-ins.js'
import { tellProxyTrust } from '../middleware/proxy-trust.js'
import { RequestStates } from '../middleware/request-state.js'
import { requireApiKey } from '../middleware/require-api-key.js'
import { requireSession } from '../middleware/require-session.js'
import { requireStepUp } from '../middleware/require-step-up.js'
import { passwordStrategy } from '../strategies/password.js'
import { Renderer } from '../views/renderer.js'
import { Listeners } from './core/listeners.js'
import type { PasswordStrategyOptions } from './core/strategy-options.js'
import type { HostUser } from './core/users.js'
import { writeAuditRow } from './features/audit-log/audit-log.js'
import { KnownDevices } from './features/known-devices/known-devices.js'
import { overviewEntry } from './features/overview/routes.js'
import { prepareDummy } from './features/passwords/hashing.js'
import { HashingLane } from './features/passwords/hashing-lane.js'
import { Passwords, type Whence } from './features/passwords/passwords.js'
import { passwordRules } from './features/passwords/rules.js'
import { sessionsEntry } from './features/sessions/routes.js'
import { BY_HOST } from './features/sessions/sessions.js'
import { openLocations } from './features/sessions/devices.js'
import { sessionLister } from './features/sessions/view.js'
import { accountEnabled, SignIn } from './features/sign-in/complete-sign-in.js'
import { Proofs } from './features/sign-in/proofs.js'
import { hostVouches } from './features/sign-in/vouch.js'
import { StepUp } from './features/step-up/step-up.js'
import { startPruning } from './features/throttle/pruning.js'
import { Throttle } from './features/throttle/throttle.js'
import { AccountState } from './features/users/account-state.js'
import type { Security } from './api.js'
import { openEntrance } from './carrier.js'
import { parseOptions } from './configuration.js'
import type { SecurityOptions } from './options.js'
import { startRegistry } from './registry.js'
import { createRouter } from './router.js'
import { Changes, openDatabase } from './stores/sql/database.js'
import { tellState } from './stores/sql/state.js'

/** Checks the options, opens the stores, migrates the tables and joins the parts. Throws ConfigurationError when something is wrong. */
export async function createSecurity<U extends HostUser>(options: SecurityOptions<U>): Promise<Security> {
  const config = parseOptions(options)
  const { clock, origin, secure, report, users } = config
  const secrets = config.secret
  const locate = await openLocations(config.locations)
  const rules = await passwordRules(config.passwords.rules)
  const { databaseConnections: connections, tablePrefix, autoMigrate } = config
  const db = await openDatabase(config.database, { connections, tablePrefix, autoMigrate, clock })
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
  const knownDevice = new KnownDeviceCookie({ devices, secrets, secure, report })
  const whence = (req: Request): Whence => ({
    address: addressOf(req),
    deviceToken: (userId) => knownDevice.tokenFor(req, userId),
  })
  const proofs = new Proofs()
  const refused = refusedSignIns({ signIn, addressOf, report })
  const verify = (req: Request, email: string, password: string) => passwords.verify(email, password, whence(req))
  const strategies = {
    password: (given?: PasswordStrategyOptions) => passwordStrategy({ verify, proofs, refused }, given),
  }
  const vouch = hostVouches(db, { arrivedAt: (req) => states.arrivedAt(req), proofs, report })
  const entrance = { registry, signIn, vouch, knownDevice, states, addressOf }
  const { middleware, requestSession } = openEntrance(config, entrance)
  const rateLimits = new RateLimits({ redis: registry.redis, states, addressOf, secrets })
  const csrf = new Csrf({ secrets, origin, secure, clock, states })
  const flash = new FlashCookie(secrets, secure)
  const { basePath, productName } = config
  const pages = new Pages({
    renderer: new Renderer({ ...config.pages, report }),
    csrf,
    flash,
    basePath,
    productName,
    clock,
    navigation: [overviewEntry, sessionsEntry],
    formFields: config.formFields,
    look: config.pages,
    report,
  })
  const listSessions = sessionLister(sessions, locate)

  const router = createRouter({
    states,
    pages,
    csrf,
    entrance: middleware,
    hostSession: config.session === 'host',
    hostPasswords: config.hostPasswords,
    sessions,
    listSessions,
    passwords,
    strategies,
    proofs,
    lane,
    stepUp,
    requestSession,
    addressOf,
    whence,
    rateLimits,
    requestsPerMinute: config.requestsPerMinute,
    origin,
    secure,
    users,
    clock,
    basePath,
    signInPath: config.signInPath,
    proxyTrust: tellProxyTrust({
      hopsSaid: options.proxyHops !== undefined,
      tell: (seen) => tellState(db, seen, clock.now()),
      report,
    }),
    afterSignIn: config.afterSignIn,
    report,
  })

  return {
    router,
    errorHandler: errorHandler({ pages, origin, report, signInPath: config.signInPath }),
    requireSession: () => requireSession(states),
    requireStepUp: (given = {}) => requireStepUp(given, clock, states),
    requireApiKey,
    rateLimit: (given) => rateLimits.forHost(given),
    throttleSignIn: async (req, email, verify) => {
      const { result, userId, wait } = await passwords.attempt(email, whence(req), verify)
      if (!result) refused(req, { reason: 'invalid_credentials', userId, wait })
      return result
    },
    signIn: async (req, user, { amr, remember = false }) => {
      await requestSession.begin(req, await vouch(req, users.user(user), amr), { remember })
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
    strategies,
    fragments: {
      styles: pages.styles,
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
