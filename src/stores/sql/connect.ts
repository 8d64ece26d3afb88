import { Kysely, type Dialect } from 'kysely'
import { systemClock, type Clock } from '../../core/clock.js'
import { ConfigurationError, StoreUnavailable } from '../../core/errors.js'
import { postgresUrl } from './postgres-url.js'
import type { Schema } from './schema.js'
import { shortenWaits, sqliteDialect } from './sqlite.js'
import { prefixPlugins } from './table-prefix.js'

export interface ConnectOptions {
  /** What the names of our tables begin with. @default 'security_' */
  tablePrefix?: string
  /** At most so many connections at once, where a database has connections. @default 10 */
  connections?: number
  clock?: Clock
}

/** A database that is there and fit to serve, its tables as they were found. */
export interface Connected {
  db: Kysely<Schema>
  /** From now on requests are waiting: whoever cannot be answered soon is told so. */
  serve: () => Promise<void>
  /** What to throw for an error met before that: it says where, and what to look at, and no password. */
  refusal: (error: unknown) => ConfigurationError
}

/** What the two kinds of database do each in their own way. */
interface Kind {
  /** Where it is, for people. */
  shown: string
  dialect: () => Promise<Dialect>
  check?: (db: Kysely<Schema>) => Promise<void>
  serve: (db: Kysely<Schema>) => Promise<unknown> | void
  advice: (error: unknown) => string
}

/**
 * Connects to the database of an URL, `sqlite:./data/security.db` or `postgres://...`, and changes no table there. It
 * waits as long as a migration may take, until `serve`. Throws ConfigurationError.
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Connected> {
  const kind = await kindOf(url, options)
  let db: Kysely<Schema> | undefined
  try {
    const opened = (db = new Kysely<Schema>({
      dialect: await kind.dialect(),
      plugins: prefixPlugins(options.tablePrefix),
    }))
    await kind.check?.(opened)
    const serve = async () => void (await kind.serve(opened))
    return { db: opened, serve, refusal: (error) => refusal(kind, error) }
  } catch (error) {
    await db?.destroy()
    throw refusal(kind, error)
  }
}

async function kindOf(url: string, { connections = 10, clock = systemClock }: ConnectOptions): Promise<Kind> {
  const path = /^sqlite:(.+)$/.exec(url)?.[1]
  if (path)
    return {
      shown: url,
      dialect: () => sqliteDialect(path),
      serve: shortenWaits,
      advice: () => 'is the folder writable?',
    }
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new ConfigurationError(
      `database is "${url.split(':')[0]}:..."; write 'sqlite:./data/security.db' or 'postgres://user:password@host/name'`,
    )
  const { shown, connectionString } = postgresUrl(url)
  // who keeps to SQLite need not load it
  const { checkServer: check, postgresAdvice: advice, postgresDialect } = await import('./postgres.js')
  const { dialect, serve } = postgresDialect({ connectionString, connections, clock })
  return { shown, dialect: () => Promise.resolve(dialect), check, serve, advice }
}

function refusal({ shown, advice }: Kind, error: unknown): ConfigurationError {
  if (error instanceof ConfigurationError) return error
  const cause = error instanceof StoreUnavailable ? error.cause : error
  const why = cause instanceof Error ? cause.message : String(cause)
  return new ConfigurationError(`the database ${shown} cannot be opened (${why}); ${advice(cause)}`, { cause })
}
