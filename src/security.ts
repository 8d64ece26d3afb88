import type { Request } from 'express'
import { clientAddress } from '../middleware/client-address.js'
import { Csrf } from '../middleware/csrf.js'
import { errorHandler } from '../middleware/error-handler.js'
import { FlashCookie } from '../middleware/flash.js'
import { HalfFinishedCookie } from '../middleware/half-finished-cookie.js'
import { frontDoor } from '../middleware/front-door.js'
import { KnownDeviceCookie } from '../middleware/known-device.js'
import { Pages } from '../middleware/pages.js'
import { PasskeyCookie } from '../middleware/passkey-cookie.js'
import { RateLimits } from '../middleware/rate-limit.js'
import { refusedSignIns } from '../middleware/refused-sign-ins.js'
import { tellProxyTrust } from '../middleware/proxy-trust.js'
import { RequestStates } from '../middleware/request-state.js'
import { requireApiKey } from '../middleware/require-api-key.js'
import { requireSession } from '../middleware/require-session.js'
import { requireStepUp } from '../middleware/require-step-up.js'
import { StepUpCookie } from '../middleware/step-up-cookie.js'
import { UserCookie } from '../middleware/user-cookie.js'
import { SignInDoor } from '../middleware/sign-in-door.js'
import { Renderer } from '../views/renderer.js'
import { Listeners } from './core/listeners.js'
import type { HostUser } from './core/users.js'
import { activityEntry } from './features/activity/routes.js'
import { activityLister } from './features/activity/view.js'
import { writeAuditRow } from './features/audit-log/audit-log.js'
import { AuditLogReader } from './features/audit-log/reader.js'
import { KnownDevices } from './features/known-devices/known-devices.js'
import { overviewEntry } from './features/overview/routes.js'
import { prepareDummy } from './features/passwords/hashing.js'
import { HashingLane } from './features/passwords/hashing-lane.js'
import { Passwords, type Whence } from './features/passwords/passwords.js'
import { passwordRules } from './features/passwords/rules.js'
import { SecureAccount } from './features/secure-account/secure-account.js'
import { sessionsEntry } from './features/sessions/routes.js'
import { openLocations } from './features/sessions/devices.js'
import { sessionLister } from './features/sessions/view.js'
import { accountEnabled, SignIn } from './features/sign-in/complete-sign-in.js'
import { Proofs } from './features/sign-in/proofs.js'
import { hostVouches } from './features/sign-in/vouch.js'
import { StepUp } from './features/step-up/step-up.js'
import { startPruning } from './features/throttle/pruning.js'
import { Throttle } from './features/throttle/throttle.js'
import { forgetTrustedBrowsers } from './features/trusted-browsers/trusted-browsers.js'
import { AccountState } from './features/users/account-state.js'
import type { Security } from './api.js'
import { accountCalls } from './calls.js'
import { openEntrance } from './carrier.js'
import { parseOptions } from './configuration.js'
import { openFactors } from './factors.js'
import { openStrategies } from './strategies.js'
import { openNotices } from './notices.js'
import type { SecurityOptions } from './options.js'
import { openRecovery } from './recovery.js'
import { startRegistry } from './registry.js'
import { createRouter } from './router.js'
import { Changes, openDatabase, type Database, type Tx } from './stores/sql/database.js'
import { assertKeysAreThere } from './stores/sql/envelopes.js'
import { tellState } from './stores/sql/state.js'

/** Checks the options, opens the stores, migrates the tables and joins the parts. Throws ConfigurationError when something is wrong. */
export async function createSecurity<U extends HostUser>(options: SecurityOptions<U>): Promise<Security> {
  const config = parseOptions(options)
  const { clock, origin, secure, report, users } = config
  const secrets = config.secret
  const locate = await openLocations(config.locations)
  const rules = await passwordRules(config.passwords.rules)
  const renderer = new Renderer({ ...config.pages, report }) // before stores are open: it refuses templates that are wrong
  const { databaseConnections: connections, tablePrefix, autoMigrate } = config
  const accept = (opened: Database) => assertKeysAreThere(opened, config.envelopes)
  const db = await openDatabase(config.database, { connections, tablePrefix, autoMigrate, accept, clock })
  const listeners = new Listeners(report)
  const notices = openNotices(config, db, locate)
  const committed = (tx: Tx) => notices.outbox.committed(tx)
  const changes = new Changes(db, [writeAuditRow, notices.writeNotice, forgetTrustedBrowsers], listeners, committed)
  const registry = await startRegistry(config, db, changes).catch(async (error: unknown) => {
    await db.destroy()
    throw error
  })
  const { sessions } = registry

  const throttle = new Throttle({ db, clock, secrets, ...config.throttle })
  const lane = new HashingLane(config.passwords.hashing)
  const devices = new KnownDevices(db, clock)
  const factors = openFactors(config, { db, changes, sessions, throttle, devices, lane, locate })
  const stopPruning = startPruning([throttle, devices, notices.outbox, ...factors.prune], report)
  const { contextWords } = config
  const passwords = new Passwords({
    db,
    clock,
    users,
    sessions,
    throttle,
    lane,
    devices,
    rules,
    contextWords,
    changes,
    report,
  })
  await lane.runPatiently(prepareDummy)
  const signIn = new SignIn(sessions, changes, clock, [accountEnabled, factors.gate])
  const stepUp = new StepUp({ ...factors, passwords, users, enforced: config.enforced, db, changes, clock })
  const recovery = openRecovery(config, { ...factors, ...notices, passwords, sessions, throttle, db, changes })
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
  const passkeyCookie = new PasskeyCookie(secure)
  const vouch = hostVouches(db, { arrivedAt: (req) => states.arrivedAt(req), proofs, report })
  const halfFinishedCookie = new HalfFinishedCookie({ secrets, secure, clock })
  const trustCookie = new UserCookie({ name: 'trust', purpose: 'trusted browser', secrets, secure })
  const { halfFinished, trusted, suspendedPosts } = factors
  const entry = { signIn, knownDevice, halfFinished, halfFinishedCookie, trusted, trustCookie, states, addressOf }
  const { middleware, requestSession } = openEntrance(config, { registry, vouch, entry })
  const parts = { db, users, passwords, factors, proofs, requestSession, passkeyCookie }
  const { strategies, ours } = openStrategies({ ...parts, whence, refused })
  const isHalfWay = (req: Request) => halfFinishedCookie.tokenOf(req) !== null
  const rateLimits = new RateLimits({ redis: registry.redis, states, addressOf, clock, secrets })
  const csrf = new Csrf({ secrets, origin, secure, clock, states })
  const flash = new FlashCookie(secrets, secure)
  const { basePath, productName } = config
  const pages = new Pages({
    renderer,
    csrf,
    flash,
    basePath,
    productName,
    securityContact: config.securityContact,
    clock,
    navigation: [overviewEntry, sessionsEntry, activityEntry],
    formFields: config.formFields,
    look: config.pages,
    report,
  })
  const door = new SignInDoor({ lane, knownDevice, pages, states, secure, clock, report })
  const listSessions = sessionLister(sessions, locate)
  const reader = new AuditLogReader(db)
  const listActivity = activityLister(reader, locate)
  const secureAccount = new SecureAccount({ ...config, ...factors, passwords, sessions, reader, listActivity, changes })

  const stepUpCookie = new StepUpCookie(secrets, secure)
  const guarded = { clock, states, suspendedPosts, stepUpCookie, origin }
  const router = createRouter({
    states,
    pages,
    csrf,
    entrance: middleware,
    hostSession: config.session === 'host',
    hostPasswords: config.hostPasswords,
    sessions,
    listSessions,
    listActivity,
    secureAccount,
    rotationMs: config.rotationMs,
    securityContact: config.securityContact,
    passwords,
    strategies: ours,
    passkeyCookie,
    proofs,
    door,
    stepUp,
    stepUpCookie,
    ...factors,
    ...recovery,
    trustTokenFor: (req, userId) => trustCookie.tokenFor(req, userId),
    isHalfWay,
    support: config.support,
    issuer: productName,
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

  const dispatcher = await notices.startDispatcher(renderer)
  return {
    router,
    attachTo: frontDoor(door, basePath),
    errorHandler: errorHandler({ pages, origin, report, isHalfWay, signInPath: config.signInPath }),
    requireSession: () => requireSession(states),
    requireStepUp: (given = {}) => requireStepUp(given, guarded),
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
    ...accountCalls({ sessions, passwords, accounts, factors, recovery, passkeyCookie }),
    strategies,
    fragments: {
      styles: pages.styles,
      sessions: async (req) => {
        const { decision } = states.of(req)
        if (decision.kind !== 'live' || !req.res) return ''
        const { userId, publicId } = decision.record
        const list = await listSessions(userId, publicId, pages.languageOf(req))
        return pages.renderer.sessionsFragment(list, pages.surroundings(req, req.res))
      },
    },
    on: (action, listener) => listeners.on(action, listener),
    close: async () => {
      stopPruning()
      await recovery.passwordReset.close()
      await dispatcher?.close()
      registry.close()
      await db.destroy()
    },
  }
}
