import type { Clock } from '../../core/clock.js'
import { clockFinding, skewOf } from './clock.js'
import { ok, problem, warning, type Finding } from './finding.js'
import type { OpenedRedis } from './redis-connection.js'

/** Every request waits for one round trip; the app gives up after 500 ms. */
const SLOW_MS = 20
const TOO_SLOW_MS = 200
const PINGS = 5

export async function redisIsNear({ client, clock }: OpenedRedis): Promise<Finding> {
  const times: number[] = []
  for (let i = 0; i < PINGS; i += 1) times.push(await timed(clock, () => client.ping()))
  const median = times.toSorted((a, b) => a - b)[Math.floor(PINGS / 2)]!
  const seen = `a round trip takes ${median < 10 ? median.toFixed(1) : Math.round(median)} ms, and every request makes one`
  const change = 'move Redis nearer to the app (same data centre); see redis-cli --latency and SLOWLOG GET'
  if (median >= TOO_SLOW_MS) return problem('redis_latency', `${seen}; after 500 ms the app asks SQL instead`, change)
  return median >= SLOW_MS ? warning('redis_latency', seen, change) : ok('redis_latency', seen)
}

export async function redisClockAgrees({ client, clock }: OpenedRedis): Promise<Finding> {
  const skew = await skewOf(clock, async () => {
    const [seconds, microseconds] = await client.time()
    return Number(seconds) * 1000 + Number(microseconds) / 1000
  })
  return clockFinding('redis_clock', 'Redis', skew)
}

/** Whoever reaches a Redis without a password reads all session data, and may write some. */
export function redisAsksForPassword({ client, local, shown }: OpenedRedis): Finding | null {
  const { password, tls } = client.options
  if (password || local) return password ? ok('redis_password', 'it was opened with a password') : null
  const seen = `${shown} lets everybody on its network in without a password`
  const change =
    'write "requirepass <the output of \'openssl rand -base64 32\'>" into redis.conf, and put it into REDIS_URL'
  return tls
    ? warning('redis_password', `${seen} (a certificate may be asked for)`, change)
    : problem('redis_password', seen, change)
}

export function redisIsEncrypted({ client, local, shown }: OpenedRedis): Finding | null {
  if (local) return null
  if (client.options.tls) return ok('redis_tls', 'the connection is encrypted')
  return warning(
    'redis_tls',
    `the connection to ${shown} is not encrypted, password included`,
    'let Redis listen with TLS (tls-port), and write rediss:// instead of redis://',
  )
}

async function timed(clock: Clock, work: () => Promise<unknown>): Promise<number> {
  const began = clock.monotonic()
  await work()
  return clock.monotonic() - began
}
