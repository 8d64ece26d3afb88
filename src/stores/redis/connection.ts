import { Redis, type RedisOptions } from 'ioredis'
import type { Clock } from '../../core/clock.js'
import { sha256 } from '../../core/crypto.js'
import { ConfigurationError, StoreUnavailable } from '../../core/errors.js'
import { Breaker } from '../breaker.js'

/** A reply, and the identity of the node that gave it: null until that connection has confirmed it. */
export interface Reply<T> {
  value: T
  identity: string | null
}

const DEADLINE_MS = 500
const CONNECT_MS = 5_000

/** Our settings win over the host's: what they guard against is in docs/session-core.md, "Redis". */
const OPTIONS = {
  lazyConnect: true,
  enableReadyCheck: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: DEADLINE_MS,
  connectTimeout: 2_000,
  retryStrategy: (attempt: number) => Math.min(50 * attempt, 500),
} satisfies RedisOptions

/**
 * Our own connection to Redis: 500 ms deadline, circuit breaker, nothing queued, nothing re-sent, and an identity
 * (run id and replication id) confirmed on each new link before its answers count (step 3, the fence).
 */
export class RedisConnection {
  readonly client: Redis
  readonly #clock: Clock
  readonly #breaker: Breaker
  #link = 0
  #identity: string | null = null
  #lastIdentity: string | null = null
  #changedAt = -Infinity

  private constructor(client: Redis, clock: Clock, report: (error: unknown) => void) {
    this.client = client
    this.#clock = clock
    this.#breaker = new Breaker(clock)
    client.on('ready', () => void this.identify().catch(report))
    client.on('close', () => {
      this.#link += 1
      this.#identity = null
    })
    client.on('error', (error) => report(plainError(error)))
  }

  static async open(redis: string | Redis, clock: Clock, report: (error: unknown) => void): Promise<RedisConnection> {
    const client = typeof redis === 'string' ? new Redis(redis, OPTIONS) : redis.duplicate(OPTIONS)
    const connection = new RedisConnection(client, clock, report)
    try {
      await client.connect()
      const info = await client.info()
      checkPolicy(info)
      await connection.identify()
    } catch (error) {
      client.disconnect()
      if (error instanceof ConfigurationError) throw error
      const cause = plainError(error)
      throw new ConfigurationError(
        `redis ${nameOf(client)} cannot be reached (${messageOf(cause)}); start it, correct the address, or leave ` +
          'the option out: SQL alone then serves',
        { cause },
      )
    }
    return connection
  }

  /** A connection of its own for pub/sub, which blocks all other commands. It may queue: nothing decides on it. */
  subscriber(): Redis {
    // ioredis subscribes anew by itself without anybody to catch its failure, which would end the process
    return this.client.duplicate({ ...OPTIONS, autoResubscribe: false, commandTimeout: CONNECT_MS })
  }

  /** Sends a command, in this very tick. Fails with StoreUnavailable; never waits longer than the deadline. */
  async send<T>(command: (client: Redis) => Promise<T>): Promise<Reply<T>> {
    const link = this.#link
    try {
      const value = await this.#breaker.run(() => command(this.client))
      return { value, identity: link === this.#link ? this.#identity : null }
    } catch (cause) {
      throw new StoreUnavailable('redis', plainError(cause))
    }
  }

  /** Asks the node who it is. Called on every new link and on every beat of the tail, which notices a change of role. */
  async identify(): Promise<void> {
    const { value } = await this.send((client) => client.info())
    const [run, replication, role] = [field(value, 'run_id'), field(value, 'master_replid'), field(value, 'role')]
    const next = run && replication && role === 'master' ? sha256(`${run} ${replication}`).slice(0, 16) : null
    if (next !== this.#lastIdentity || this.#identity === null) this.#changedAt = this.#clock.monotonic()
    this.#lastIdentity = next
    this.#identity = next
  }

  /** Milliseconds since this process last met a new node, or the same one over a new connection; 0 while it does not know. */
  get identityAgeMs(): number {
    return this.#identity === null ? 0 : this.#clock.monotonic() - this.#changedAt
  }

  close(): void {
    this.client.disconnect()
  }
}

const field = (info: string, name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]

/** Without "noeviction" Redis drops session data under memory pressure, silently. */
function checkPolicy(info: string): void {
  const policy = field(info, 'maxmemory_policy')
  if (policy && policy !== 'noeviction')
    throw new ConfigurationError(
      `Redis may evict keys (maxmemory-policy ${policy}); write "maxmemory-policy noeviction" into its configuration`,
    )
}

/** ioredis hangs the command with its arguments on an error: a password, a copy. Only what it says may be logged. */
export function plainError(error: unknown): Error {
  const plain = new Error(messageOf(error))
  if (error instanceof Error) plain.name = error.name
  return plain
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
const nameOf = (client: Redis) => `${client.options.host ?? 'localhost'}:${client.options.port ?? 6379}`
