import { sql, type Kysely, type Migration } from 'kysely'
import { systemClock } from '../../core/clock.js'
import { ConfigurationError } from '../../core/errors.js'
import { isPostgres } from './dialect.js'
import type { Schema } from './schema.js'
import { sessions } from './migrations/0001-sessions.js'
import { throttle } from './migrations/0002-throttle.js'
import { epochTime } from './migrations/0003-epoch-time.js'
import { secondFactors } from './migrations/0004-second-factors.js'
import { outbox } from './migrations/0005-outbox.js'
import { secretsByUser } from './migrations/0006-secrets-by-user.js'

/** In the order of their names. What has been released never changes. */
export const MIGRATIONS: Record<string, Migration> = {
  '0001_sessions': sessions,
  '0002_throttle': throttle,
  '0003_epoch_time': epochTime,
  '0004_second_factors': secondFactors,
  '0005_outbox': outbox,
  '0006_secrets_by_user': secretsByUser,
}

/** Which migrations were applied, and when. */
export const MIGRATION_TABLE = 'security_migrations'

interface AppliedRow {
  name: string
  /** ISO 8601 */
  timestamp: string
}
type Applied = Kysely<{ [MIGRATION_TABLE]: AppliedRow }>

/** Any number that nobody else locks: the first bytes of SHA-256("sallyport migrations"). */
const LOCK = '-5150720202515208538'
/** A table that is in use is not waited for longer: whoever asks for it meanwhile waits behind us. */
const TABLE_LOCK_MS = 5_000

/**
 * Brings the tables up to date and returns the names of what was applied. Safe when several processes start at once:
 * one migrates, in one transaction, and the others wait. Throws ConfigurationError when a newer version was here.
 */
export async function migrate(db: Kysely<Schema>, clock = systemClock): Promise<string[]> {
  // an account that may not make tables can start when there is none to be made
  if ((await pendingMigrations(db)).length === 0) return []
  return db.transaction().execute(async (tx) => {
    if (isPostgres(db)) {
      // of the transaction, not of the session: a pool such as PgBouncer may give the session to somebody else
      await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)}::bigint)`.execute(tx)
      await sql`set local lock_timeout = ${sql.lit(TABLE_LOCK_MS)}`.execute(tx)
    }
    await tx.schema
      .createTable(MIGRATION_TABLE)
      .ifNotExists()
      .addColumn('name', 'varchar(255)', (column) => column.notNull().primaryKey())
      .addColumn('timestamp', 'varchar(255)', (column) => column.notNull())
      .execute()
    const pending = await pendingMigrations(tx)
    for (const name of pending) {
      await MIGRATIONS[name]!.up(tx)
      const row = { name, timestamp: new Date(clock.now()).toISOString() }
      await (tx as unknown as Applied).insertInto(MIGRATION_TABLE).values(row).execute()
    }
    return pending
  })
}

/** The names of what `migrate` would apply. Changes nothing. Throws ConfigurationError when a newer version was here. */
export async function pendingMigrations(db: Kysely<Schema>): Promise<string[]> {
  const applied = await appliedMigrations(db)
  const unknown = applied.filter((name) => !(name in MIGRATIONS))
  if (unknown.length)
    throw new ConfigurationError(
      `the database was migrated by a newer version (${unknown.join(', ')} is unknown here); install that version again`,
    )
  return knownMigrations().filter((name) => !applied.includes(name))
}

/** The names of all migrations that this version knows. */
export const knownMigrations = (): string[] => Object.keys(MIGRATIONS).toSorted()

/** The names of what was applied here, whichever version did it; none where there are no tables yet. */
export async function appliedMigrations(db: Kysely<Schema>): Promise<string[]> {
  const applied = (db as unknown as Applied).selectFrom(MIGRATION_TABLE).select('name').orderBy('name')
  try {
    return (await applied.execute()).map(({ name }) => name)
  } catch (error) {
    if (isMissingTable(error)) return []
    throw error
  }
}

/** PostgreSQL's undefined_table; SQLite has no code of its own for it. */
export const isMissingTable = (error: unknown): boolean =>
  error instanceof Error && (('code' in error && error.code === '42P01') || error.message.startsWith('no such table'))
