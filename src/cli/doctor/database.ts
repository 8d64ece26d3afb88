import type { Clock } from '../../core/clock.js'
import type { Envelopes } from '../../core/envelope.js'
import type { Database } from '../../stores/sql/database.js'
import { countByKey, ENVELOPED } from '../../stores/sql/envelopes.js'
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
  envelopes: Envelopes
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

/** The app refuses to start without a key that something is sealed under. */
export async function sealedSecretsHaveKeys(
  { db, envelopes }: Pick<OpenedDatabase, 'db' | 'envelopes'>,
  columns = ENVELOPED,
): Promise<Finding | null> {
  const ids = [...(await countByKey(db, columns)).keys()].filter(Boolean).toSorted()
  const missing = ids.filter((id) => !envelopes.keyIds.includes(id))
  const [first] = envelopes.keyIds
  if (missing.length)
    return problem(
      'sql_keys',
      `secrets are sealed under ${named(missing)}, which is not among the keys; the app will refuse to start`,
      'put it back into keys, or the secret that it is derived from into secret: the first one seals, all open. Keys of ' +
        'your own are read from --config only',
    )
  const old = ids.filter((id) => id !== first)
  if (old.length)
    return warning(
      'sql_keys',
      `secrets are sealed under ${named(old)}; new ones are under "${first}"`,
      'when all processes have the new key first, and before the old one goes, run: npx sallyport keys rotate',
    )
  return ids.length ? ok('sql_keys', `all secrets are sealed under "${first}"`) : null
}

const named = (ids: readonly string[]): string => ids.map((id) => `"${id}"`).join(', ')
