import express, { type Request, type RequestHandler, type Router } from 'express'
import type { Strategy } from 'passport'
import type { ClientAddress } from '../middleware/client-address.js'
import { readBody } from '../middleware/body.js'
import type { Csrf } from '../middleware/csrf.js'
import { asSecurityError, errorHandler } from '../middleware/error-handler.js'
import type { RequestSession } from '../middleware/establish-session.js'
import { pageHeaders } from '../middleware/headers.js'
import type { Pages } from '../middleware/pages.js'
import type { PasskeyCookie } from '../middleware/passkey-cookie.js'
import type { RateLimits } from '../middleware/rate-limit.js'
import { registryCheck } from '../middleware/registry-check.js'
import type { RequestStates } from '../middleware/request-state.js'
import { requireStepUp } from '../middleware/require-step-up.js'
import type { SignInDoor } from '../middleware/sign-in-door.js'
import type { StepUpCookie } from '../middleware/step-up-cookie.js'
import type { PasskeyStrategy } from '../strategies/passkey.js'
import type { Clock } from './core/clock.js'
import { ConfigurationError, SecurityError } from './core/errors.js'
import type { UserDirectory } from './core/users.js'
import type { Factors } from './factors.js'
import type { Recovery } from './recovery.js'
import { notMeRoutes } from './features/not-me/routes.js'
import { activityRoutes } from './features/activity/routes.js'
import type { ListActivity } from './features/activity/view.js'
import { overview, overviewRoutes } from './features/overview/routes.js'
import { passwordResetRoutes } from './features/password-reset/routes.js'
import type { Passwords, Whence } from './features/passwords/passwords.js'
import { passkeySignInRoutes } from './features/passkey-sign-in/routes.js'
import { passkeyRoutes } from './features/passkeys/routes.js'
import { passwordRoutes } from './features/passwords/routes.js'
import { recoveryCodeRoutes } from './features/recovery-codes/routes.js'
import { secureAccountRoutes } from './features/secure-account/routes.js'
import type { SecureAccount } from './features/secure-account/secure-account.js'
import { sessionRoutes } from './features/sessions/routes.js'
import type { Sessions } from './features/sessions/sessions.js'
import type { ListSessions } from './features/sessions/view.js'
import type { Proofs } from './features/sign-in/proofs.js'
import { signInRoutes } from './features/sign-in/routes.js'
import { stepUpRoutes } from './features/step-up/routes.js'
import type { StepUp } from './features/step-up/step-up.js'
import { totpRoutes } from './features/totp/routes.js'
import { trustedBrowserRoutes } from './features/trusted-browsers/routes.js'
import { twoFactorRoutes } from './features/two-factor/routes.js'
import { wellKnown } from './features/well-known/routes.js'

export interface RouterParts extends Omit<Factors, 'gate' | 'passkeySignIn' | 'prune'>, Recovery {
  states: RequestStates
  pages: Pages
  csrf: Csrf
  /** What every request passes first. */
  entrance: RequestHandler[]
  hostPasswords: { changePath: string | null } | null
  /** True where `req.session` is the host's to bring. */
  hostSession: boolean
  sessions: Sessions
  listSessions: ListSessions
  passwords: Passwords
  strategies: { password: () => Strategy; passkey: () => PasskeyStrategy }
  passkeyCookie: PasskeyCookie
  rotationMs: number | null
  listActivity: ListActivity
  secureAccount: SecureAccount
  securityContact: string | null
  proofs: Proofs
  door: SignInDoor
  stepUp: StepUp
  stepUpCookie: StepUpCookie
  requestSession: RequestSession
  addressOf: ClientAddress
  whence: (req: Request) => Whence
  rateLimits: RateLimits
  requestsPerMinute: number
  origin: string
  secure: boolean
  users: UserDirectory
  clock: Clock
  basePath: string
  /** The host's own sign-in page; null: ours. */
  signInPath: string | null
  proxyTrust: RequestHandler
  afterSignIn: string
  trustTokenFor: (req: Request, userId: string) => string | null
  isHalfWay: (req: Request) => boolean
  /** Where somebody turns to who has lost every factor. */
  support: string | null
  /** What authenticator apps call this app. */
  issuer: string
  report: (error: unknown) => void
}

/** The one router of the host: session and check for every request, then our pages under `basePath`. */
export function createRouter(parts: RouterParts): Router {
  const root = express.Router()
  root.use((req, _res, next) => {
    parts.states.arrive(req, parts.clock.now())
    next()
  })
  const changePassword = parts.hostPasswords?.changePath ?? `${parts.basePath}/#password`
  root.use(wellKnown({ ...parts, changePassword }))
  root.use(underBasePath(parts.basePath, express.Router().post('/sign-in', parts.door.middleware)))
  root.use(...parts.entrance)
  root.use(registryCheck(parts))
  root.use(underBasePath(parts.basePath, pagesRouter(parts)))
  return root
}

/** `basePath` is the whole path as browsers see it, also where the host mounts our router under a part of it. */
function underBasePath(basePath: string, pages: Router): RequestHandler {
  const mounts = new Map<number, Router>()
  return (req, res, next) => {
    const mount = req.baseUrl.toLowerCase() // as a browser has typed it; Express does not care
    if (mount !== '' && !basePath.toLowerCase().startsWith(`${mount}/`))
      return next(new ConfigurationError(misplaced(req, basePath)))
    const router = mounts.get(mount.length) ?? express.Router().use(basePath.slice(mount.length), pages)
    mounts.set(mount.length, router)
    router(req, res, next)
  }
}

const misplaced = ({ baseUrl }: Request, basePath: string) =>
  `security.router is mounted under ${baseUrl}, which the pages' path ${basePath} does not begin with; ` +
  `write basePath: '${baseUrl}/security', or mount it with app.use(security.router)`

const NO_SESSION =
  "session: 'host', but there is no req.session on the security pages; mount your express-session before " +
  'security.router, on a path that covers basePath'

function pagesRouter(parts: RouterParts): Router {
  const router = express.Router()
  router.use(parts.proxyTrust)
  router.use(pageHeaders(parts))
  assetRoutes(router, parts.pages)
  router.use(parts.rateLimits.forPages(parts.requestsPerMinute))
  router.use(readBody())
  if (parts.hostSession)
    router.use((req, _res, next) => next(req.session ? undefined : new ConfigurationError(NO_SESSION)))
  router.use((req, _res, next) => {
    // an https origin, and a request that came in the clear: the proxy that ended TLS is not trusted
    const plain = parts.secure && !req.secure
    const advice = `origin is https, but this request came over http; write app.set('trust proxy', 1) when a proxy of yours ends TLS`
    next(plain ? new ConfigurationError(advice) : undefined)
  })
  router.use(pageRoutes(parts))
  router.use((_req, _res, next) => next(new SecurityError('not_found')))
  router.use(asSecurityError())
  router.use(errorHandler(parts))
  return router
}

/** The pages alone: a form that waited for a step-up comes in here again. */
function pageRoutes(parts: RouterParts): Router {
  const router = express.Router()
  const showOverview = overview(parts)
  overviewRoutes(router, parts.states, showOverview)
  signInRoutes({ ...parts, router, canReset: parts.passwordReset.offered })
  passwordResetRoutes({ ...parts, router })
  notMeRoutes({ ...parts, router })
  sessionRoutes({ ...parts, router })
  passwordRoutes({ ...parts, router, showOverview })
  stepUpRoutes({ ...parts, router })
  const stepUp = requireStepUp({}, parts, true)
  twoFactorRoutes({ ...parts, router })
  totpRoutes({ ...parts, router, stepUp, showOverview })
  recoveryCodeRoutes({ ...parts, router, stepUp })
  passkeyRoutes({ ...parts, router, stepUp })
  passkeySignInRoutes({ ...parts, router })
  trustedBrowserRoutes({ ...parts, router })
  activityRoutes({ ...parts, router })
  secureAccountRoutes({ ...parts, router })
  refuseOtherMethods(router)
  return router
}

/** Our style sheets: named by their content, so they never change. */
function assetRoutes(router: Router, pages: Pages): void {
  router.get('/assets/:name', (req, res) => {
    const asset = pages.renderer.assets.find(req.params.name)
    if (!asset) throw new SecurityError('not_found')
    res.set('Cache-Control', 'public, max-age=31536000, immutable').type(asset.type).send(asset.body)
  })
}

interface Layer {
  route?: { path: string; methods: Record<string, boolean> }
}

/** 405 with `Allow` for a method that a known address does not answer (RFC 9110, 15.5.6). */
function refuseOtherMethods(router: Router): void {
  const allowed = new Map<string, Set<string>>()
  for (const { route } of (router as unknown as { stack: Layer[] }).stack) {
    if (!route) continue
    const methods = allowed.get(route.path) ?? new Set()
    for (const method of Object.keys(route.methods)) methods.add(method.toUpperCase())
    allowed.set(route.path, methods)
  }
  for (const [path, methods] of allowed) {
    if (methods.has('GET')) methods.add('HEAD')
    router.all(path, (_req, _res, next) =>
      next(new SecurityError('method_not_allowed', { headers: { Allow: [...methods].join(', ') } })),
    )
  }
}
