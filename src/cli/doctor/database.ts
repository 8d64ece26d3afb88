import type { Clock } from '../../core/clock.js'
import type { Database } from '../../stores/sql/database.js'
import { appliedMigrations, knownMigrations } from '../../stores/sql/migrations.js'
import type { Place } from '../database.js'
import { ok, problem, warning, type Finding } from './finding.js'

/** A database that was opened to be looked at. */
export interface OpenedDatabase<P extends Place = Place> {
  db: Database
  place: P
  clock: Clock
  nodeEnv: string | undefined
  /** False: the app refuses to start while something is pending. */
  autoMigrate: boolean
}

export async function migrationsAreApplied({ db, place, autoMigrate }: OpenedDatabase): Promise<Finding | null> {
  if (place.dialect === 'sqlite' && !place.file) return null // made anew at each start
  const applied = await appliedMigrations(db)
  const pending = knownMigrations().filter((name) => !applied.includes(name))
  if (pending.length === 0) return ok('sql_migrations', 'the tables are up to date')
  const seen = `not applied yet: ${pending.join(', ')}`
  if (!autoMigrate)
    return problem('sql_migrations', `${seen}; the app will refuse to start`, 'run: npx sallyport migrate')
  return warning('sql_migrations', `${seen}; the next start of the app does it`, 'run before it: npx sallyport migrate')
}

/** An older version refuses to start on the tables of a newer one. */
export async function migrationsAreKnown({ db }: OpenedDatabase): Promise<Finding | null> {
  const known = knownMigrations()
  const unknown = (await appliedMigrations(db)).filter((name) => !known.includes(name))
  if (unknown.length === 0) return null
  return problem(
    'sql_newer',
    `a newer version of Sallyport has migrated this database: ${unknown.join(', ')}`,
    'install that version again: npm install sallyport@latest; tables are never migrated back',
  )
}
