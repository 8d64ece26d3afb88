import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Kysely, sql, type RawBuilder } from 'kysely'
import { systemClock } from '../core/clock.js'
import { ConfigurationError } from '../core/errors.js'
import { connect } from '../stores/sql/connect.js'
import type { Database } from '../stores/sql/database.js'
import { knownMigrations, migrate, pendingMigrations } from '../stores/sql/migrations.js'
import { postgresDialect } from '../stores/sql/postgres.js'
import { postgresUrl } from '../stores/sql/postgres-url.js'
import { sqliteReader } from '../stores/sql/sqlite.js'
import { prefixPlugins } from '../stores/sql/table-prefix.js'
import type { GivenOptions } from './configuration-source.js'
import { shownAddress } from './network.js'

/** Which database, by its address. */
export type Place =
  | { dialect: 'sqlite'; url: string; shown: string; file: string | null; tablePrefix?: string }
  | { dialect: 'postgresql'; url: string; shown: string; tablePrefix?: string }

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
  if (place.dialect === 'postgresql') return answering(postgresql(place), sql`select 1`)
  if (place.file && !existsSync(place.file)) return null
  const dialect = await sqliteReader(place.file ?? ':memory:')
  const db: Database = new Kysely({ dialect, plugins: prefixPlugins(place.tablePrefix) })
  return answering(db, sql`select count(*) from sqlite_master`)
}

/** Opens a database to change rows in it, whatever the app does meanwhile. Null when a SQLite file is not there. */
export async function openToWrite(place: Place): Promise<Database | null> {
  if (place.dialect === 'sqlite' && !(place.file && existsSync(place.file))) return null
  const { db } = await connect(place.url, { ...place, connections: 1 })
  return db
}

/** Applies what is pending; returns the names. */
export async function migrateDatabase(place: Place): Promise<string[]> {
  const { db } = await connect(place.url, { ...place, connections: 1 })
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

/** The same connection as the app's, without what it refuses to start on: the doctor says that in its own words. */
function postgresql({ url, tablePrefix }: Place): Database {
  const { connectionString } = postgresUrl(url)
  const { dialect } = postgresDialect({ connectionString, connections: 1, clock: systemClock })
  return new Kysely({ dialect, plugins: prefixPlugins(tablePrefix) })
}
