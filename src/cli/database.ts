import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Kysely, PostgresDialect, sql, type RawBuilder } from 'kysely'
import { ConfigurationError } from '../core/errors.js'
import type { Database } from '../stores/sql/database.js'
import { knownMigrations, migrate, pendingMigrations } from '../stores/sql/migrations.js'
import { sqliteDialect, sqliteReader } from '../stores/sql/sqlite.js'
import type { GivenOptions } from './configuration-source.js'
import { shownAddress } from './network.js'

/** Which database, by its address. */
export type Place =
  | { dialect: 'sqlite'; url: string; shown: string; file: string | null; tablePrefix?: string }
  | { dialect: 'postgresql'; url: string; shown: string; tablePrefix?: string }

const LIMIT_MS = 5_000
const INT8 = 20

/** Throws ConfigurationError when `database` is no address of a database. */
export function placeOf({ database, tablePrefix }: GivenOptions): Place {
  const prefix = tablePrefix === undefined ? {} : { tablePrefix }
  const url = typeof database === 'string' ? database : ''
  if (/^postgres(ql)?:\/\//.test(url)) return { dialect: 'postgresql', url, shown: shownAddress(url), ...prefix }
  const path = /^sqlite:(.+)$/.exec(url)?.[1]
  if (!path)
    throw new ConfigurationError(
      `database ${url ? `is "${url.split(':')[0]}:..."` : 'is missing'}; write 'sqlite:./data/security.db' or 'postgres://...'`,
    )
  const file = path === ':memory:' ? null : resolve(path)
  return { dialect: 'sqlite', url, shown: file ? `sqlite:${file}` : url, file, ...prefix }
}

/** Opens a database to look at it: nothing is created or changed. Null when a SQLite file is not there. */
export async function openToLook(place: Place): Promise<Database | null> {
  if (place.dialect === 'postgresql') return answering(await postgresql(place.url), sql`select 1`)
  if (place.file && !existsSync(place.file)) return null
  const db: Database = new Kysely({ dialect: await sqliteReader(place.file ?? ':memory:') })
  return answering(db, sql`select count(*) from sqlite_master`)
}

/** Applies what is pending; returns the names. */
export async function migrateDatabase(place: Place): Promise<string[]> {
  const db = place.dialect === 'postgresql' ? await postgresql(place.url) : await sqlite(place.file)
  return closing(db, migrate)
}

/** The names of what `migrateDatabase` would apply. Creates nothing, not even the file. */
export async function pendingIn(place: Place): Promise<string[]> {
  const db = await openToLook(place)
  return db ? closing(db, pendingMigrations) : knownMigrations()
}

/** Neither a server nor a file is looked at before the first question. */
async function answering(db: Database, question: RawBuilder<unknown>): Promise<Database> {
  try {
    await question.execute(db)
    return db
  } catch (error) {
    await db.destroy()
    throw error
  }
}

async function closing<T>(db: Database, work: (db: Database) => Promise<T>): Promise<T> {
  try {
    return await work(db)
  } finally {
    await db.destroy()
  }
}

const sqlite = async (file: string | null): Promise<Database> =>
  new Kysely({ dialect: await sqliteDialect(file ?? ':memory:') })

async function postgresql(url: string): Promise<Database> {
  const { default: pg } = await import('pg')
  // our times are bigint, below 2^53
  const getTypeParser = ((oid: number, format?: 'text') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: LIMIT_MS,
    query_timeout: LIMIT_MS,
    types: { getTypeParser },
  })
  pool.on('error', () => {}) // a connection that breaks while idle; the next query tells
  return new Kysely({ dialect: new PostgresDialect({ pool }) })
}
