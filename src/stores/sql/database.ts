import { Kysely, type Transaction } from 'kysely'
import { ConfigurationError } from '../../core/errors.js'
import type { EventAction, SecurityEvent } from '../../core/events.js'
import type { Listeners } from '../../core/listeners.js'
import { migrate } from './migrations.js'
import type { Schema } from './schema.js'
import { shortenWaits, sqliteDialect, whenFree } from './sqlite.js'

export { whenFree }

export type Database = Kysely<Schema>
export type Tx = Transaction<Schema>

/** Opens the database of an URL (`sqlite:./data/security.db`) and brings its tables up to date. */
export async function openDatabase(url: string): Promise<Database> {
  const path = /^sqlite:(.+)$/.exec(url)?.[1]
  if (!path) throw new ConfigurationError(`database is "${url.split(':')[0]}:..."; write 'sqlite:./data/security.db'`)
  let db: Database | undefined
  try {
    db = new Kysely<Schema>({ dialect: await sqliteDialect(path) })
    await migrate(db)
    await shortenWaits(db)
    return db
  } catch (cause) {
    await db?.destroy()
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigurationError(`the database ${url} cannot be opened (${why}); is the folder writable?`, { cause })
  }
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

  constructor(db: Database, subscribers: readonly InTransaction[], listeners: Listeners) {
    this.#db = db
    this.#subscribers = subscribers
    this.#listeners = listeners
  }

  async run<T>(work: (change: Change) => Promise<T>): Promise<T> {
    const { result, happened } = await whenFree(() => this.#once(work))
    for (const event of happened) this.#listeners.tell(event)
    return result
  }

  async #once<T>(work: (change: Change) => Promise<T>): Promise<{ result: T; happened: SecurityEvent[] }> {
    const happened: SecurityEvent[] = []
    const result = await this.#db.transaction().execute((tx) =>
      work({
        tx,
        record: async (event) => {
          happened.push(event)
          for (const subscriber of this.#subscribers) await subscriber(tx, event)
        },
      }),
    )
    return { result, happened }
  }
}
