import type { Request, RequestHandler, Response } from 'express'
import { networkOf } from '../src/core/addresses.js'
import type { Clock } from '../src/core/clock.js'
import { Signer } from '../src/core/crypto.js'
import { durationMs } from '../src/core/durations.js'
import { ConfigurationError, tooManyRequests } from '../src/core/errors.js'
import type { RateLimitOptions } from './rate-limit-options.js'
import type { RedisLink } from '../src/stores/redis/link.js'
import { openLimiter, type Limit, type RequestLimiter, type Taken } from '../src/stores/redis/request-limiter.js'
import type { ClientAddress } from './client-address.js'
import { handle } from './handle.js'
import type { RequestStates } from './request-state.js'

interface Parts {
  redis: RedisLink | null
  states: RequestStates
  addressOf: ClientAddress
  clock: Clock
  secrets: readonly string[]
}

/** Many people may share a network, so its visitors together get more than one user. */
const VISITORS_SHARE = 5
const MINUTE_S = 60
/**
 * A request that has taken so long by now may have waited for a store that does not answer; it is not to wait for it again
 * for long. It asks all the same: else whoever sends a body slowly would be counted by no other process.
 */
const PATIENCE_MS = 300

/** Limits on the number of requests. They guard against load; guessing is held back where secrets are verified. */
export class RateLimits {
  readonly #parts: Parts
  readonly #signer: Signer
  #made = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#signer = new Signer(parts.secrets, 'rate limit')
  }

  /** A guard for the host's own routes. Throws ConfigurationError for what is no limit. */
  forHost({ points, per, key }: RateLimitOptions): RequestHandler {
    const ms = durationMs(per)
    if (!Number.isSafeInteger(points) || points < 1)
      throw new ConfigurationError(`rateLimit: points is ${JSON.stringify(points)}; write how many requests: 30`)
    if (ms === null)
      throw new ConfigurationError(`rateLimit: per is ${JSON.stringify(per)}; write a duration such as '1m'`)
    if (key !== undefined && typeof key !== 'function')
      throw new ConfigurationError('rateLimit: key must be a function; write (req) => req.params.account')
    const limit = { points, seconds: ms / 1000 }
    const take = openLimiter(this.#parts.redis, limit)
    const number = (this.#made += 1) // each limit counts for itself, and the same one in every process
    return handle(async (req, res, next) => {
      const own = key?.(req)
      const id = this.#id(`host ${number} ${own ? `key ${own}` : this.#who(req).id}`)
      const taken = await take(id, this.#hasWaited(req))
      tell(res, `${points}-per-${per}`, limit, taken)
      if (!taken.allowed) throw tooManyRequests(taken.resetMs)
      next()
    })
  }

  /** The guard of our own pages: per user, or for a visitor per network. */
  forPages(perMinute: number): RequestHandler {
    const limits = { user: perMinute, network: perMinute * VISITORS_SHARE }
    const open = (points: number): [Limit, RequestLimiter] => {
      const limit = { points, seconds: MINUTE_S }
      return [limit, openLimiter(this.#parts.redis, limit)]
    }
    const limiters = { user: open(limits.user), network: open(limits.network) }
    return handle(async (req, res, next) => {
      const { kind, id } = this.#who(req)
      const [limit, take] = limiters[kind]
      const taken = await take(this.#id(`pages ${id}`), this.#hasWaited(req))
      if (taken.allowed) return next()
      tell(res, 'pages', limit, taken)
      throw tooManyRequests(taken.resetMs)
    })
  }

  #who(req: Request): { kind: 'user' | 'network'; id: string } {
    const { decision } = this.#parts.states.of(req)
    if (decision.kind === 'live') return { kind: 'user', id: `user ${decision.record.userId}` }
    return { kind: 'network', id: `network ${networkOf(this.#parts.addressOf(req))}` }
  }

  #hasWaited(req: Request): boolean {
    const { states, clock } = this.#parts
    const now = clock.now()
    return now - (states.arrivedAt(req) ?? now) > PATIENCE_MS
  }

  #id = (text: string): string => this.#signer.sign(text)
}

/** draft-ietf-httpapi-ratelimit-headers-10. A route with several limits has a member for each. */
function tell(res: Response, name: string, { points, seconds }: Limit, { remaining, resetMs }: Taken): void {
  res.append('RateLimit-Policy', `"${name}";q=${points};w=${seconds}`)
  res.append('RateLimit', `"${name}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`)
}
