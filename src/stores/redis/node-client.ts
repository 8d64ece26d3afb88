import { Redis, type RedisOptions } from 'ioredis'

/** No command, and no question to a sentinel, is waited for longer. */
export const DEADLINE_MS = 500
/** Longer, since nobody waits for it. */
const SUBSCRIBER_DEADLINE_MS = 2_000

/** Our settings win over the host's: what they guard against is in docs/session-core.md. */
const OPTIONS = {
  lazyConnect: true,
  enableReadyCheck: true,
  enableOfflineQueue: false,
  enableAutoPipelining: false, // both commands of a request leave in its own tick
  autoResendUnfulfilledCommands: false,
  reconnectOnError: null, // could send a command again
  maxRetriesPerRequest: 0,
  readOnly: false,
  role: 'master',
  stringNumbers: false,
  commandTimeout: DEADLINE_MS,
  connectTimeout: 1_000,
  disconnectTimeout: 100,
  maxLoadingRetryTime: 200,
  retryStrategy: (attempt) => Math.min(50 * attempt, 500),
  sentinelCommandTimeout: DEADLINE_MS,
  sentinelRetryStrategy: (attempt) => Math.min(50 * attempt, 500),
  failoverDetector: true, // in a planned failover the old master serves for ten seconds more
} satisfies RedisOptions

/** A client of a subscriber ends with its connection: who listens next, and where, is for the subscription to say. */
const SUBSCRIBER_OPTIONS = {
  ...OPTIONS,
  autoResubscribe: false,
  commandTimeout: SUBSCRIBER_DEADLINE_MS,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
} satisfies RedisOptions

const COMPARE_AND_SET = `
local now = redis.call('GET', KEYS[1])
if (now == false and ARGV[1] == '') or now == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1
end
return 0`

/** An ioredis client of one node, with the one script of ours. */
export type NodeClient = Redis & {
  /** 1 when `expected` stood there ('' for nothing), and so `next` stands there now; else 0. */
  sallyportCompareAndSet(key: string, expected: string, next: string, ttlMs: number): Promise<number>
}

/** A client that has not connected yet, from an address, from options, or with the options of a client of the host. */
export function nodeClient(from: string | RedisOptions | Redis): NodeClient {
  const client = create(from, OPTIONS)
  client.defineCommand('sallyportCompareAndSet', { numberOfKeys: 1, lua: COMPARE_AND_SET })
  return client as NodeClient
}

/** The same for pub/sub. */
export const subscriberClient = (from: RedisOptions | Redis): NodeClient =>
  create(from, SUBSCRIBER_OPTIONS) as NodeClient

function create(from: string | RedisOptions | Redis, options: RedisOptions): Redis {
  if (typeof from === 'string') return new Redis(from, options)
  return 'duplicate' in from ? from.duplicate(options) : new Redis({ ...from, ...options })
}
