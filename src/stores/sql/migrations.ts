import { Migrator, sql, type Kysely, type Migration } from 'kysely'
import { ConfigurationError } from '../../core/errors.js'
import type { Schema } from './schema.js'

/** Which migrations were applied, and when. */
const MIGRATION_TABLE = 'security_migrations'

const first: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('security_users')
      .addColumn('user_id', 'text', (c) => c.primaryKey())
      .addColumn('epoch', 'integer', (c) => c.notNull().defaultTo(0))
      .addColumn('password_hash', 'text')
      .addColumn('password_changed_at', 'bigint')
      .addColumn('disabled_at', 'bigint')
      .execute()
    await db.schema
      .createTable('security_sessions')
      .addColumn('public_id', 'text', (c) => c.primaryKey())
      .addColumn('id_hash', 'text', (c) => c.notNull().unique())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('email', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('epoch', 'integer', (c) => c.notNull())
      .addColumn('amr', 'text', (c) => c.notNull())
      .addColumn('remembered', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('authenticated_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('idle_ms', 'bigint')
      .addColumn('last_active_at', 'bigint', (c) => c.notNull())
      .addColumn('ip', 'text')
      .addColumn('user_agent', 'text')
      .addColumn('ended_at', 'bigint')
      .addColumn('end_reason', 'text')
      .execute()
    await db.schema
      .createIndex('security_sessions_user')
      .on('security_sessions')
      .columns(['user_id', 'ended_at'])
      .execute()
    await db.schema
      .createTable('security_dead_ids')
      .addColumn('seq', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('id_hash', 'text', (c) => c.notNull().unique())
      .addColumn('public_id', 'text', (c) => c.notNull())
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('died_at', 'bigint', (c) => c.notNull())
      .addColumn('until', 'bigint', (c) => c.notNull())
      .addColumn('buried', 'integer', (c) => c.notNull())
      .execute()
    await db.schema.createIndex('security_dead_ids_session').on('security_dead_ids').column('public_id').execute()
    await db.schema
      .createIndex('security_dead_ids_unburied')
      .on('security_dead_ids')
      .column('died_at')
      .where(sql.ref('buried'), '=', sql.lit(0))
      .execute()
    await db.schema
      .createTable('security_session_data')
      .addColumn('id_hash', 'text', (c) => c.primaryKey())
      .addColumn('data', 'text', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema
      .createTable('security_state')
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('changed_at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema
      .createTable('security_audit_events')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('action', 'text', (c) => c.notNull())
      .addColumn('actor_type', 'text', (c) => c.notNull())
      .addColumn('actor_id', 'text')
      .addColumn('user_id', 'text')
      .addColumn('outcome', 'text', (c) => c.notNull())
      .addColumn('occurred_at', 'bigint', (c) => c.notNull())
      .addColumn('ip', 'text')
      .addColumn('user_agent', 'text')
      .addColumn('details', 'text', (c) => c.notNull())
      .execute()
    await db.schema
      .createIndex('security_audit_events_user')
      .on('security_audit_events')
      .columns(['user_id', 'occurred_at'])
      .execute()
  },
}

/** In the order of their names. */
const MIGRATIONS: Record<string, Migration> = { '0001_sessions': first }

const migratorOf = (db: Kysely<Schema>) =>
  new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(MIGRATIONS) },
    migrationTableName: MIGRATION_TABLE,
    migrationLockTableName: 'security_migrations_lock',
  })

/**
 * Brings the tables up to date and returns the names of what was applied. Safe when several processes start at once:
 * one migrates, the others wait. Throws ConfigurationError when a newer version was here.
 */
export async function migrate(db: Kysely<Schema>): Promise<string[]> {
  if ((await pendingMigrations(db)).length === 0) return []
  const { error, results = [] } = await migratorOf(db).migrateToLatest()
  if (error) throw error instanceof Error ? error : new Error('migration failed', { cause: error })
  return results.filter(({ status }) => status === 'Success').map(({ migrationName }) => migrationName)
}

/** The names of what `migrate` would apply. Changes nothing. Throws ConfigurationError when a newer version was here. */
export async function pendingMigrations(db: Kysely<Schema>): Promise<string[]> {
  const applied = await appliedMigrations(db)
  const unknown = applied.filter((name) => !(name in MIGRATIONS))
  if (unknown.length > 0)
    throw new ConfigurationError(
      `the database was migrated by a newer version (${unknown.join(', ')} is unknown here); install that version again`,
    )
  return knownMigrations().filter((name) => !applied.includes(name))
}

/** The names of all migrations that this version knows. */
export const knownMigrations = (): string[] => Object.keys(MIGRATIONS).toSorted()

/** The names of what was applied here, whichever version did it; none where there are no tables yet. */
export async function appliedMigrations(db: Kysely<Schema>): Promise<string[]> {
  const applied = (db as unknown as Kysely<Record<typeof MIGRATION_TABLE, { name: string }>>)
    .selectFrom(MIGRATION_TABLE)
    .select('name')
    .orderBy('name')
  try {
    return (await applied.execute()).map(({ name }) => name)
  } catch (error) {
    if (isMissingTable(error)) return []
    throw error
  }
}

/** PostgreSQL's undefined_table; SQLite has no code of its own for it. */
const isMissingTable = (error: unknown): boolean =>
  error instanceof Error && (('code' in error && error.code === '42P01') || error.message.startsWith('no such table'))
