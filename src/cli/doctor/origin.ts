import { isLoopback } from '../network.js'
import type { Subject } from './examination.js'
import { ok, problem, warning, type Finding } from './finding.js'

/** An origin of this machine is right while developing, and reachable for nobody else. */
export function originIsPublic({ config, nodeEnv }: Subject): Finding {
  const { origin } = config
  const { hostname, protocol } = new URL(origin)
  if (!isLoopback(hostname)) return ok('origin', `${origin}${protocol === 'https:' ? '' : ' (not encrypted)'}`)
  const seen = `origin is ${origin}, which only browsers on this machine reach`
  const change = "write origin: 'https://app.example.com', the address that your users' browsers show"
  if (nodeEnv === 'production') return problem('origin', `${seen}, and NODE_ENV is production`, change)
  if (nodeEnv === 'development' || nodeEnv === 'test') return ok('origin', `${origin}, NODE_ENV is ${nodeEnv}`)
  return warning('origin', seen, `${change}; while developing, run with NODE_ENV=development`)
}
