import { sql } from 'kysely'
import type { Place } from '../database.js'
import { isLoopback } from '../network.js'
import { clockFinding, skewOf } from './clock.js'
import type { OpenedDatabase } from './database.js'
import { ok, problem, warning, type Finding } from './finding.js'

export type OpenedPostgresql = OpenedDatabase<Extract<Place, { dialect: 'postgresql' }>>

/** The record is read and written at the primary: a replica lags, and does not know yet who was revoked. */
export async function postgresqlIsPrimary({ db }: OpenedPostgresql): Promise<Finding> {
  const { rows } = await sql<{ replica: boolean; readonly: string }>`
    select pg_is_in_recovery() as replica, current_setting('default_transaction_read_only') as readonly`.execute(db)
  const change = 'give the address of the primary: database: postgres://primary.internal:5432/...'
  if (rows[0]?.replica) return problem('postgresql_primary', 'this is a replica: it can write nothing and lags', change)
  if (rows[0]?.readonly === 'on')
    return problem(
      'postgresql_primary',
      'transactions are read-only here',
      'write: ALTER DATABASE ... RESET default_transaction_read_only (or ALTER ROLE ...)',
    )
  return ok('postgresql_primary', 'this is the primary')
}

/** The session core rests on "SQL loses no commit" (docs/session-core.md). */
export async function postgresqlCommitsAreKept({ db }: OpenedPostgresql): Promise<Finding> {
  const value = await setting(db, 'synchronous_commit')
  if (value !== 'off') return ok('postgresql_synchronous_commit', `synchronous_commit is ${value}`)
  return problem(
    'postgresql_synchronous_commit',
    'synchronous_commit is off: a crash of the server loses commits that were answered, and revoked sessions live again',
    'write "synchronous_commit = on" into postgresql.conf (or ALTER ROLE ... SET synchronous_commit = on), and reload',
  )
}

export async function postgresqlSyncsToDisk({ db }: OpenedPostgresql): Promise<Finding> {
  const off: string[] = []
  for (const name of ['fsync', 'full_page_writes']) if ((await setting(db, name)) === 'off') off.push(name)
  if (off.length === 0) return ok('postgresql_fsync', 'fsync and full_page_writes are on')
  return problem(
    'postgresql_fsync',
    `${off.join(' and ')} ${off.length === 1 ? 'is' : 'are'} off: a crash of the machine can destroy the database`,
    `write "${off.map((name) => `${name} = on`).join('", "')}" into postgresql.conf, and reload`,
  )
}

/** Hashes and sessions of all users go over this connection. */
export async function postgresqlIsEncrypted({ db, place }: OpenedPostgresql): Promise<Finding | null> {
  const host = hostOf(place.url)
  if (host === null || isLoopback(host)) return null
  const { rows } = await sql<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(db)
  if (rows[0]?.ssl) return ok('postgresql_tls', 'the connection is encrypted')
  return warning(
    'postgresql_tls',
    `the connection to ${host} is not encrypted`,
    'add ?sslmode=verify-full to the address (and ssl = on to postgresql.conf)',
  )
}

export async function postgresqlClockAgrees({ db, clock }: OpenedPostgresql): Promise<Finding> {
  const skew = await skewOf(clock, async () => {
    const { rows } = await sql<{ ms: string }>`select extract(epoch from clock_timestamp()) * 1000 as ms`.execute(db)
    return Number(rows[0]?.ms)
  })
  return clockFinding('sql_clock', 'PostgreSQL', skew)
}

async function setting(db: OpenedPostgresql['db'], name: string): Promise<string> {
  const { rows } = await sql<{ value: string }>`select current_setting(${name}) as value`.execute(db)
  return rows[0]?.value ?? 'unknown'
}

/** The host of the address, a path for a Unix socket, or null when it cannot be told. */
function hostOf(url: string): string | null {
  if (!URL.canParse(url)) return null
  const { hostname, searchParams } = new URL(url)
  return searchParams.get('host') ?? hostname
}
