import type { Configuration } from '../../configuration.js'
import { pageCookie } from '../../../middleware/cookies.js'
import { clockFinding } from './clock.js'
import { ok, problem, warning, type Finding } from './finding.js'
import type { HttpAnswer } from './http-answer.js'

/** What the running app answered to `GET {basePath}/sign-in`. */
export interface OpenedApp {
  config: Configuration
  page: string
  answer: HttpAnswer
  /** By our clock, half way between question and answer; milliseconds since the epoch. */
  askedAt: number
  tookMs: number
}

/** An https origin, and a request that reached the app in the clear: it refuses until it knows the proxy that ended TLS. */
export function proxyIsTrusted({ config, answer, page }: OpenedApp): Finding | null {
  if (!config.secure || answer.status !== 500) return null
  return problem(
    'app_proxy_trust',
    `${page} answers 500: as a rule, origin is https and the app does not trust the proxy that ends TLS`,
    "write app.set('trust proxy', 1), and let the proxy send X-Forwarded-Proto; if onError was told something else, mend that",
  )
}

export function signInPageAnswers({ answer, page, config }: OpenedApp): Finding | null {
  const { status } = answer
  if (config.secure && status === 500) return null
  if (status === 200) return ok('app_sign_in_page', `${page} answers 200`)
  const [to = ''] = answer.all('location')
  const advice =
    status === 404
      ? `mount the router before your 404 handler: app.use(security.router); basePath is ${config.basePath}`
      : status === 503
        ? 'a store cannot be reached from the app: see sql_reachable and redis_reachable'
        : status >= 300 && status < 400
          ? 'give the address that browsers end up at: --url, or origin'
          : 'see what onError was told'
  return problem('app_sign_in_page', `${page} answers ${status}${to && ` to ${to}`}`, advice)
}

/** The cookie of our forms: not for scripts, not for other sites, and of this very host (RFC 6265bis, 4.1.3.2). */
export function formCookieIsGuarded({ answer, config }: OpenedApp): Finding {
  const { name } = pageCookie('form', config.secure)
  const cookie = answer.all('set-cookie').find((each) => each.startsWith(`${name}=`))
  if (!cookie)
    return problem(
      'app_form_cookie',
      `the answer sets no cookie ${name}, so no form can be sent`,
      'let the proxy pass Set-Cookie on unchanged (no proxy_hide_header, no cache); is it our page that answers?',
    )
  const attributes = cookie.split(';').map((each) => each.trim().toLowerCase())
  const wanted = ['httponly', 'samesite=lax', 'path=/', ...(config.secure ? ['secure'] : [])]
  const missing = wanted.filter((each) => !attributes.includes(each))
  const domain = attributes.filter((each) => each.startsWith('domain='))
  if (missing.length === 0 && domain.length === 0) return ok('app_form_cookie', `${name}: ${wanted.join(', ')}`)
  const seen = [...missing.map((each) => `no ${each}`), ...domain].join(', ')
  return problem(
    'app_form_cookie',
    `${name} arrives with ${seen}`,
    'something changes it on its way: take proxy_cookie_path, proxy_cookie_domain or proxy_cookie_flags out of the proxy',
  )
}

/** Browsers obey every policy they are sent, so a second one breaks our pages. */
export function policyIsOurs({ answer }: OpenedApp): Finding {
  const policies = answer.all('content-security-policy')
  if (policies.length === 0)
    return problem(
      'app_csp',
      'the page has no Content-Security-Policy',
      'let the proxy pass the header on (no proxy_hide_header Content-Security-Policy)',
    )
  if (policies.length > 1 || policies[0]!.includes(', '))
    return problem(
      'app_csp',
      'the page has two Content-Security-Policies, and browsers obey both',
      'add none in the proxy for our pages: in nginx, take add_header Content-Security-Policy out of this location',
    )
  if (!policies[0]!.includes("default-src 'none'"))
    return warning(
      'app_csp',
      'the Content-Security-Policy of the page is not ours',
      'take what replaces it out, in the proxy or behind security.router',
    )
  return ok('app_csp', 'one Content-Security-Policy, ours')
}

export function httpsIsKept({ answer, config }: OpenedApp): Finding | null {
  if (!config.secure) return null
  const [value] = answer.all('strict-transport-security')
  if (value && !/max-age=0\b/.test(value)) return ok('app_hsts', `Strict-Transport-Security: ${value}`)
  return warning(
    'app_hsts',
    value
      ? `Strict-Transport-Security is switched off (${value})`
      : 'no Strict-Transport-Security: a first visit may go over http',
    'let the proxy pass the header on, or add it there: Strict-Transport-Security: max-age=31536000',
  )
}

export function pageIsNotStored({ answer }: OpenedApp): Finding {
  const values = answer.all('cache-control')
  if (values.some((each) => each.includes('no-store'))) return ok('app_cache_control', 'Cache-Control: no-store')
  return problem(
    'app_cache_control',
    values.length > 0 ? `Cache-Control is "${values.join(', ')}"` : 'no Cache-Control',
    'take what replaces it out of the proxy or CDN: a stored page shows one user to another',
  )
}

/** `Date` has whole seconds and is cut, not rounded: half a second is added, and counts as uncertain. */
export function appClockAgrees({ answer, askedAt, tookMs }: OpenedApp): Finding | null {
  const theirs = Date.parse(answer.all('date')[0] ?? '')
  if (Number.isNaN(theirs)) return null
  return clockFinding('app_clock', 'the app (or of its proxy)', {
    ms: theirs + 500 - askedAt,
    uncertainMs: tookMs / 2 + 500,
  })
}
