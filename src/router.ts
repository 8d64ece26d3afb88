import express, { type Router } from 'express'
import type { ClientAddress } from '../middleware/client-address.js'
import { readBody } from '../middleware/body.js'
import type { Csrf } from '../middleware/csrf.js'
import { asSecurityError, errorHandler } from '../middleware/error-handler.js'
import type { RequestSession } from '../middleware/establish-session.js'
import { pageHeaders } from '../middleware/headers.js'
import type { Pages } from '../middleware/pages.js'
import { registryCheck } from '../middleware/registry-check.js'
import type { RequestStates } from '../middleware/request-state.js'
import type { SessionCookie } from '../middleware/session.js'
import { ConfigurationError, SecurityError } from './core/errors.js'
import type { HostUsers } from './core/users.js'
import { overview, overviewRoutes } from './features/overview/routes.js'
import type { Passwords } from './features/passwords/passwords.js'
import { passwordRoutes } from './features/passwords/routes.js'
import { sessionRoutes } from './features/sessions/routes.js'
import type { Sessions } from './features/sessions/sessions.js'
import type { ListSessions } from './features/sessions/view.js'
import type { SignIn } from './features/sign-in/complete-sign-in.js'
import { signInRoutes } from './features/sign-in/routes.js'
import { stepUpRoutes } from './features/step-up/routes.js'
import type { StepUp } from './features/step-up/step-up.js'

export interface RouterParts {
  states: RequestStates
  pages: Pages
  csrf: Csrf
  cookie: SessionCookie
  sessions: Sessions
  listSessions: ListSessions
  passwords: Passwords
  signIn: SignIn
  stepUp: StepUp
  requestSession: RequestSession
  addressOf: ClientAddress
  origin: string
  secure: boolean
  users: HostUsers
  basePath: string
  proxyTrust: express.RequestHandler
  afterSignIn: string
  report: (error: unknown) => void
}

/** The one router of the host: session and check for every request, then our pages under `basePath`. */
export function createRouter(parts: RouterParts): Router {
  const root = express.Router()
  root.use(parts.cookie.middleware)
  root.use(registryCheck(parts))
  root.use(parts.basePath, pagesRouter(parts))
  return root
}

function pagesRouter(parts: RouterParts): Router {
  const router = express.Router()
  router.use(parts.proxyTrust)
  router.use(pageHeaders(parts))
  assetRoutes(router, parts.pages)
  router.use(readBody())
  router.use((req, _res, next) => {
    // an https origin, and a request that came in the clear: the proxy that ended TLS is not trusted
    const plain = parts.secure && !req.secure
    const advice = `origin is https, but this request came over http; write app.set('trust proxy', 1) when a proxy of yours ends TLS`
    next(plain ? new ConfigurationError(advice) : undefined)
  })
  const showOverview = overview(parts)
  overviewRoutes(router, parts.states, showOverview)
  signInRoutes({ ...parts, router })
  sessionRoutes({ ...parts, router })
  passwordRoutes({ ...parts, router, showOverview })
  stepUpRoutes({ ...parts, router })
  refuseOtherMethods(router)
  router.use((_req, _res, next) => next(new SecurityError('not_found')))
  router.use(asSecurityError())
  router.use(errorHandler(parts))
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
