import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { inTime } from '../../core/in-time.js'
import { limitKey } from './keys.js'
import type { RedisLink } from './link.js'

export interface Limit {
  points: number
  /** Length of a window, in whole seconds. It begins with the first request. */
  seconds: number
}

/** What one request has left of its window. */
export interface Taken {
  allowed: boolean
  remaining: number
  /** Until the window ends. */
  resetMs: number
}

/** Counts one request on a key; `hurried`: Redis gets no more than a moment to answer. */
export type RequestLimiter = (key: string, hurried?: boolean) => Promise<Taken>

/** A hundred times as long as Redis takes when it answers at all. */
const MOMENT_MS = 100

/** One command, so that a counter never stays without an end. */
const COUNT = `
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[2]) * 1000
  redis.call('PEXPIRE', KEYS[1], left)
end
return {count, left}`

/** The one call of ioredis that the limiter makes, over our connection, with its deadline and its breaker. */
function countingClient(redis: RedisLink) {
  return {
    rlflxIncr: async ([key, points, seconds]: [string, string, string]) =>
      (await redis.send(key, (client) => client.eval(COUNT, 1, key, points, seconds))).value,
  }
}

/**
 * Counts in Redis, for all processes together; without Redis, and while it fails, in the memory of this one. These
 * windows are about load, not about who may come in, so they go by the clock of the store that counts.
 */
export function openLimiter(redis: RedisLink | null, { points, seconds }: Limit): RequestLimiter {
  const options = { points, duration: seconds, keyPrefix: '' }
  const memory = new RateLimiterMemory(options)
  const limiter = redis
    ? new RateLimiterRedis({
        ...options,
        storeClient: countingClient(redis),
        insuranceLimiter: memory,
        inMemoryBlockOnConsumed: points + 1, // who is over the limit asks Redis no more
      })
    : memory
  const soon = (key: string) =>
    inTime(limiter.consume(key), MOMENT_MS).catch((error: unknown) => {
      if (error instanceof RateLimiterRes) throw error
      return memory.consume(key)
    })
  return async (key, hurried = false) => {
    try {
      return taken(await (hurried ? soon(limitKey(key)) : limiter.consume(limitKey(key))), true)
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return taken(refusal, false)
      throw refusal
    }
  }
}

const taken = ({ remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean): Taken => ({
  allowed,
  remaining: remainingPoints,
  resetMs: Math.max(0, msBeforeNext),
})
