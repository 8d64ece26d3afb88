import type { Kysely, Transaction } from 'kysely'
import { ConfigurationError } from '../../core/errors.js'
import type { EventAction, SecurityEvent } from '../../core/events.js'
import type { Listeners } from '../../core/listeners.js'
import { whenFree } from './busy.js'
import { connect, type ConnectOptions } from './connect.js'
import { migrate, pendingMigrations } from './migrations.js'
import type { Schema } from './schema.js'

export { whenFree }

export type Database = Kysely<Schema>
export type Tx = Transaction<Schema>

export interface DatabaseOptions extends ConnectOptions {
  /** False: refuses to start while a migration is pending. @default true */
  autoMigrate?: boolean
  /** Looks at what is stored, before requests wait for it; what it throws ends the start. */
  accept?: (db: Database) => Promise<void>
}

/**
 * Opens the database of an URL (`sqlite:./data/security.db`, `postgres://...`) for requests, its tables up to date.
 * Throws ConfigurationError.
 */
export async function openDatabase(
  url: string,
  { autoMigrate = true, accept, ...options }: DatabaseOptions = {},
): Promise<Database> {
  const { db, serve, refusal } = await connect(url, options)
  try {
    if (autoMigrate) await migrate(db, options.clock)
    else await assertMigrated(db)
    await accept?.(db)
    await serve()
    return db
  } catch (error) {
    await db.destroy()
    throw refusal(error)
  }
}

async function assertMigrated(db: Database): Promise<void> {
  const pending = await pendingMigrations(db)
  if (pending.length)
    throw new ConfigurationError(
      `the database lacks ${pending.join(', ')}, and autoMigrate is false; run "npx sallyport migrate" before the start`,
    )
}

/** A subscriber inside the change's transaction: what it writes is committed with the change, or not at all. */
export type InTransaction = (tx: Tx, event: SecurityEvent) => Promise<void>

/** An open change: the transaction, and how to say what happened. */
export interface Change {
  readonly tx: Tx
  readonly record: <A extends EventAction>(event: SecurityEvent<A>) => Promise<void>
}

/** Runs changes: state, audit row and outgoing notice in one SQL transaction (invariant 14), listeners after commit. */
export class Changes {
  readonly #db: Database
  readonly #subscribers: readonly InTransaction[]
  readonly #listeners: Listeners
  readonly #committed: (tx: Tx) => void

  /** `committed` is told of each transaction that has ended well. */
  constructor(
    db: Database,
    subscribers: readonly InTransaction[],
    listeners: Listeners,
    committed: (tx: Tx) => void = () => {},
  ) {
    this.#db = db
    this.#subscribers = subscribers
    this.#listeners = listeners
    this.#committed = committed
  }

  async run<T>(work: (change: Change) => Promise<T>): Promise<T> {
    const { result, happened, tx } = await whenFree(() => this.#once(work))
    this.#committed(tx)
    for (const event of happened) this.#listeners.tell(event)
    return result
  }

  async #once<T>(work: (change: Change) => Promise<T>): Promise<{ result: T; happened: SecurityEvent[]; tx: Tx }> {
    const happened: SecurityEvent[] = []
    return this.#db.transaction().execute(async (tx) => {
      const record: Change['record'] = async (event) => {
        happened.push(event)
        for (const subscriber of this.#subscribers) await subscriber(tx, event)
      }
      return { result: await work({ tx, record }), happened, tx }
    })
  }
}
