import { Pool, types, type PoolClient, type PoolConfig } from 'pg'
import type { Clock } from '../../core/clock.js'
import { StoreUnavailable } from '../../core/errors.js'
import { Breaker, type Tell } from '../breaker.js'
import { LentConnection, type Deadlines } from './lent-connection.js'
import { inTime } from '../../core/in-time.js'
import { failureOf, PostgresError } from './postgres-errors.js'

/** For a process that starts: it waits for whoever is migrating, and its own migrations take what they take. */
const STARTING: Deadlines = { connectMs: 5_000, statementMs: 600_000, transactionMs: Infinity }

/** For requests, which are to be answered within a second, also where two statements follow each other. */
const SERVING: Deadlines = { connectMs: 2_000, statementMs: 400, transactionMs: 3_000 }

const INT8 = 20
const IDLE_MS = 60_000
const KEEP_ALIVE_MS = 10_000

/** Our times and numbers are below 2^53. On this pool only: pg's own parsers belong to the host. */
const getTypeParser = ((oid: number, format?: 'text') =>
  oid === INT8 ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser

const nothing = () => {}

/**
 * Our own pool: whoever waits, waits for a bounded time; what did not answer in time is closed and never lent again;
 * after three failures in a row nothing is tried for half a second.
 */
export class PostgresConnections {
  readonly #pool: Pool
  readonly #breaker: Breaker
  /** Each outage makes older connections suspect: a server that lost its power has closed none of them. */
  #outages = 0
  readonly #checked = new WeakMap<PoolClient, number>()
  #deadlines = STARTING

  constructor(config: PoolConfig, clock: Clock) {
    this.#breaker = new Breaker(clock)
    this.#pool = new Pool({
      ...config,
      types: { getTypeParser },
      connectionTimeoutMillis: STARTING.connectMs,
      idleTimeoutMillis: IDLE_MS,
      allowExitOnIdle: true,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    })
    // a connection that ends while nobody waits for an answer: the next statement finds out, and 'error' without a
    // listener would end the process
    this.#pool.on('error', nothing)
    this.#pool.on('connect', (client) => client.on('error', nothing))
  }

  /** From now on requests are waiting. */
  serve(): void {
    this.#deadlines = SERVING
    this.#pool.options.connectionTimeoutMillis = SERVING.connectMs
  }

  /** A connection to the primary. Throws StoreUnavailable when there is none in time. */
  async lend(): Promise<LentConnection> {
    const tell = this.#enter()
    const { statementMs } = this.#deadlines
    const until = performance.now() + statementMs
    const coming = this.#connect()
    try {
      return new LentConnection(await inTime(coming, statementMs), { deadlines: this.#deadlines, until, tell })
    } catch (error) {
      // it goes on by itself, within its own limit; if it comes after all, the next one has it
      coming.then((client) => client.release(), nothing)
      tell(false)
      throw failureOf(error).error
    }
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  #enter(): Tell {
    let tell: Tell
    try {
      tell = this.#breaker.enter()
    } catch (error) {
      throw new StoreUnavailable('sql', error)
    }
    return (answered) => {
      tell(answered)
      if (answered === false && this.#breaker.isOpen) this.#outages += 1
    }
  }

  async #connect(): Promise<PoolClient> {
    for (;;) {
      const client = await this.#pool.connect()
      const checked = this.#checked.get(client)
      if (checked === this.#outages) return client
      if (checked !== undefined) {
        client.release(true)
        continue
      }
      try {
        await inTime(assertPrimary(client), this.#deadlines.connectMs)
      } catch (error) {
        client.release(true)
        throw error
      }
      this.#checked.set(client, this.#outages)
      return client
    }
  }
}

/** A replica lags: it would let a revoked session in. After a failover an address may lead to one. */
async function assertPrimary(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby')
  if (rows[0]?.standby)
    throw new PostgresError(
      new Error('this server is a replica (in recovery); write the address that always leads to the primary'),
    )
}
