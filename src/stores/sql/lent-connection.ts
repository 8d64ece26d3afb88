import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import type { PoolClient, QueryResult as PgResult } from 'pg'
import { StoreUnavailable } from '../../core/errors.js'
import type { Tell } from '../breaker.js'
import { inTime } from '../../core/in-time.js'
import { failureOf } from './postgres-errors.js'

/** All in milliseconds. */
export interface Deadlines {
  connectMs: number
  /** For one answer; the first one's wait for a connection is part of it. */
  statementMs: number
  /** Infinity: as long as it takes, and locks are waited for as long. */
  transactionMs: number
}

/**
 * What the server itself ends, should we be gone without its noticing: a statement, a transaction that has fallen
 * silent. With `transactionMs` before its last word (3 s), silence (5 s) and that last statement (1 s), no transaction of
 * ours is older than 9 s when it commits; the tail of the dead ids looks 10 s back. A lock is waited for shorter than an
 * answer, so that it ends in an answer, and the write is tried again.
 */
const LIMITS = `
  set local lock_timeout = 300;
  set local statement_timeout = 1000;
  set local idle_in_transaction_session_timeout = 5000`
const NO_LIMITS = 'set local lock_timeout = 0; set local statement_timeout = 0'

const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

interface Terms {
  deadlines: Deadlines
  /** When the first answer must be there. */
  until: number
  tell: Tell
}

/** A connection while somebody has it. Once it has failed it only fails, at once, and is closed when it is given back. */
export class LentConnection implements DatabaseConnection {
  readonly #client: PoolClient
  readonly #terms: Terms
  #until: number
  #commitUntil = Infinity
  #used = false
  #lost: StoreUnavailable | null = null

  constructor(client: PoolClient, terms: Terms) {
    this.#client = client
    this.#terms = terms
    this.#until = terms.until
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { command, rowCount, rows } = await this.#run(sql, parameters.map(withoutNul))
    return WRITES.has(command) ? { rows: rows as R[], numAffectedRows: BigInt(rowCount ?? 0) } : { rows: rows as R[] }
  }

  // oxlint-disable-next-line require-yield -- the interface wants it
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('rows are not streamed; read them page by page')
  }

  /**
   * READ COMMITTED whatever the server's default is: each statement sees what was committed before it, which "lock first,
   * revoke in a later statement" rests on. The limits are of the transaction, not of the session, so that they also hold
   * behind a pool such as PgBouncer, and reach nobody else there.
   */
  async begin(): Promise<void> {
    const { transactionMs } = this.#terms.deadlines
    this.#commitUntil = performance.now() + transactionMs
    await this.#run(`begin isolation level read committed; ${transactionMs === Infinity ? NO_LIMITS : LIMITS}`)
  }

  async commit(): Promise<void> {
    const { command } = await this.#run('commit')
    // the answer to a commit after a statement that failed, and whose error somebody has swallowed
    if (command !== 'COMMIT') throw new Error('the transaction was rolled back: one of its statements had failed')
    this.#commitUntil = Infinity
  }

  /** Never throws: where it cannot be said, the connection is closed, and that rolls back as well. */
  async rollback(): Promise<void> {
    this.#commitUntil = Infinity
    if (!this.#lost) await this.#run('rollback').catch(() => {})
  }

  giveBack(): void {
    if (!this.#used) this.#terms.tell(undefined)
    this.#client.release(this.#lost ?? undefined)
  }

  async #run(text: string, values: unknown[] = []): Promise<PgResult> {
    const now = performance.now()
    if (now > this.#commitUntil)
      this.#lost ??= new StoreUnavailable('sql', new Error('the transaction has taken too long'))
    if (this.#lost) throw this.#lost
    this.#until = this.#used ? now + this.#terms.deadlines.statementMs : this.#until
    this.#used = true
    try {
      const result = await inTime(this.#client.query<never>(text, values), Math.max(0, this.#until - now))
      this.#terms.tell(true)
      return result
    } catch (original) {
      const { error, answered } = failureOf(original)
      if (!answered && error instanceof StoreUnavailable) this.#lost = error
      this.#terms.tell(answered)
      throw error
    }
  }
}

/** PostgreSQL's text has no place for NUL (22021). Here it becomes what a broken surrogate becomes in UTF-8, and is found by nobody. */
const withoutNul = (value: unknown): unknown =>
  typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\u{FFFD}') : value
