import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Schema } from './schema.js'
import { StoreUnavailable } from '../../core/errors.js'
import { whenFree } from './busy.js'
import { DurableSqliteDriver } from './sqlite-driver.js'
import { WriteAheadLog } from './write-ahead-log.js'
import {
  sql,
  SqliteAdapter,
  SqliteDialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type SqliteDatabase,
  type SqliteStatement,
} from 'kysely'

/** The part of `node:sqlite`'s DatabaseSync that is used here; `@photostructure/sqlite` has the same shape. */
interface Statement {
  all(...parameters: unknown[]): unknown[]
  run(...parameters: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  iterate(...parameters: unknown[]): IterableIterator<unknown>
  columns(): unknown[]
}
interface Connection {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}
type Constructor = new (path: string, options?: { timeout?: number }) => Connection

/** SQLite is a part of newer Nodes; older ones load a build of the same interface. */
async function loadDatabaseSync(): Promise<Constructor> {
  const builtIn = process.getBuiltinModule('node:sqlite') as { DatabaseSync: Constructor } | undefined
  if (builtIn) return builtIn.DatabaseSync
  const { DatabaseSync } = await import('@photostructure/sqlite')
  return DatabaseSync
}

/** A process that starts waits for whoever is migrating. */
const START_MS = 10_000
/** Later the wait for another process's transaction (ours last about a millisecond) must not hold the event loop up. */
const BUSY_MS = 50
const STATEMENTS_KEPT = 200

/** Result codes that are about the statement, not about the store: a mistake of ours, a constraint (sqlite.org/rescode.html). */
const OWN_FAULT = new Set([1, 19, 20, 25])
/** `@photostructure/sqlite` leaves the code out where a statement that was used before reads rows; SQLite's words say it, too. */
const IN_WORDS: readonly (readonly [RegExp, number])[] = [
  [/^database is locked/, 5],
  [/ constraint failed/, 19],
]

/** What the database could not answer (busy, full, closed, unreadable) is told as such: requests get 503, not 500. */
function answered<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError) throw error
    const inWords = IN_WORDS.find(([words]) => words.test(error.message))?.[1] ?? 0
    const { errcode } = Object.assign(error, { errcode: 'errcode' in error ? Number(error.errcode) : inWords })
    throw OWN_FAULT.has(errcode & 0xff) ? error : new StoreUnavailable('sql', error)
  }
}

/** Gives `DatabaseSync` the shape that kysely's dialect expects, keeping prepared statements. */
class PreparedDatabase implements SqliteDatabase {
  readonly #connection: Connection
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  prepare(sql: string): SqliteStatement {
    // A transaction that reads first and writes later fails with SQLITE_BUSY when another process wrote in between.
    const text = sql === 'begin' ? 'begin immediate' : sql
    const known = this.#statements.get(text)
    if (known) return known
    const statement = answered(() => this.#connection.prepare(text))
    const adapted: SqliteStatement = {
      reader: statement.columns().length > 0,
      all: (parameters) => answered(() => statement.all(...parameters)),
      run: (parameters) => answered(() => statement.run(...parameters)),
      iterate: (parameters) => statement.iterate(...parameters),
    }
    if (this.#statements.size >= STATEMENTS_KEPT) this.#statements.clear()
    this.#statements.set(text, adapted)
    return adapted
  }

  close(): void {
    this.#statements.clear()
    this.#connection.close()
  }
}

/** SQLite's DDL is transactional; with `begin immediate` that makes migrations safe between processes. */
class TransactionalDdl extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class Dialect extends SqliteDialect {
  readonly #database: SqliteDatabase
  readonly #log: WriteAheadLog | null

  constructor(database: SqliteDatabase, log: WriteAheadLog | null) {
    super({ database })
    this.#database = database
    this.#log = log
  }

  override createDriver(): Driver {
    return this.#log ? new DurableSqliteDriver(this.#database, this.#log) : super.createDriver()
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalDdl()
  }
}

export async function sqliteDialect(path: string): Promise<SqliteDialect> {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
  const DatabaseSync = await loadDatabaseSync()
  const connection = new DatabaseSync(path, { timeout: START_MS })
  const log = await whenFree(() => changeMode(connection), START_MS)
  return new Dialect(new PreparedDatabase(connection), log)
}

/** Opens a file that is there, to look at it: it is not created, not turned to WAL and not written to. */
export async function sqliteReader(path: string): Promise<SqliteDialect> {
  const DatabaseSync = await loadDatabaseSync()
  const connection = new DatabaseSync(path, { timeout: BUSY_MS })
  answered(() => connection.exec('pragma query_only = on'))
  return new SqliteDialect({ database: new PreparedDatabase(connection) })
}

/**
 * A commit that was answered is on the disk: the protocol rests on "SQL loses no commit". With a write-ahead log we wait
 * for the disk ourselves (`write-ahead-log.ts`), and NORMAL leaves SQLite the rest: the log's head, and all that comes
 * before a checkpoint. Without one, as in memory, SQLite does it all. It does not wait by itself for the lock that this
 * change takes.
 */
const changeMode = async (connection: Connection): Promise<WriteAheadLog | null> =>
  answered(() => {
    const [journal] = connection.prepare('pragma journal_mode = wal').all() as { journal_mode: string }[]
    const isLogged = journal?.journal_mode === 'wal'
    connection.exec(`pragma synchronous = ${isLogged ? 'normal' : 'full'}`)
    if (!isLogged) return null
    // where SQLite has it, which follows links
    const [main] = connection.prepare('pragma database_list').all() as { file: string }[]
    return new WriteAheadLog(`${main!.file}-wal`)
  })

/** Ends the patience of the start: from now on requests are waiting. */
export const shortenWaits = (db: Kysely<Schema>) => sql.raw(`pragma busy_timeout = ${BUSY_MS}`).execute(db)
