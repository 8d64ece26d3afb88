import {
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  type Dialect,
  type Driver,
  type Kysely,
} from 'kysely'
import type { Clock } from '../../core/clock.js'
import { ConfigurationError } from '../../core/errors.js'
import type { LentConnection } from './lent-connection.js'
import { PostgresConnections } from './postgres-connections.js'
import { PostgresError } from './postgres-errors.js'
import type { Schema } from './schema.js'

const OLDEST = 12

interface PostgresOptions {
  connectionString: string
  /** At most so many at once. */
  connections: number
  clock: Clock
}

/** The dialect, and how to say that from now on requests are waiting. */
export function postgresDialect({ connectionString, connections: max, clock }: PostgresOptions) {
  const connections = new PostgresConnections({ connectionString, max, fallback_application_name: 'sallyport' }, clock)
  const dialect: Dialect = {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => driver(connections),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
  return { dialect, serve: () => connections.serve() }
}

const driver = (connections: PostgresConnections): Driver => ({
  init: () => Promise.resolve(),
  acquireConnection: () => connections.lend(),
  beginTransaction: (lent) => (lent as LentConnection).begin(),
  commitTransaction: (lent) => (lent as LentConnection).commit(),
  rollbackTransaction: (lent) => (lent as LentConnection).rollback(),
  releaseConnection: (lent) => Promise.resolve((lent as LentConnection).giveBack()),
  destroy: () => connections.close(),
})

interface Settings {
  version: number
  fsync: string
  synchronous_commit: string
  read_only: string
  encoding: string
}

/** Refuses a server that may lose what it has confirmed, or cannot serve. Throws ConfigurationError that says what to write. */
export async function checkServer(db: Kysely<Schema>): Promise<void> {
  const { rows } = await sql<Settings>`
    select current_setting('server_version_num')::int as version, current_setting('fsync') as fsync,
      current_setting('synchronous_commit') as synchronous_commit,
      current_setting('transaction_read_only') as read_only, current_setting('server_encoding') as encoding`.execute(db)
  const { version, fsync, synchronous_commit, read_only, encoding } = rows[0]!
  const refuse = (why: string) => {
    throw new ConfigurationError(`database: ${why}`)
  }
  const major = Math.floor(version / 10_000)
  if (major < OLDEST) refuse(`PostgreSQL ${major} is too old; version ${OLDEST} or newer is needed`)
  if (read_only === 'on')
    refuse('this server takes no writes (transaction_read_only is on); write the address of the primary')
  if (fsync === 'off')
    refuse('fsync is off, so a crash brings revoked sessions back; write "fsync = on" into postgresql.conf')
  if (synchronous_commit === 'off')
    refuse(
      'synchronous_commit is off, so a crash brings revoked sessions back; write "synchronous_commit = on" into ' +
        'postgresql.conf, or ALTER ROLE ... SET synchronous_commit = on',
    )
  if (encoding !== 'UTF8' && encoding !== 'SQL_ASCII')
    refuse(`the database is encoded in ${encoding}, which has no place for every name; create one with ENCODING 'UTF8'`)
}

const ADVICE: Record<string, string> = {
  ECONNREFUSED: 'is the server running there?',
  ENOTFOUND: 'is the name right?',
  '28P01': 'is the password right?',
  '28000': 'may this user connect from here (pg_hba.conf)?',
  '3D000': 'create the database first',
  '42501': 'grant the user CREATE on the schema, or run "npx sallyport migrate" as its owner',
  SELF_SIGNED_CERT_IN_CHAIN: "add the authority's certificate: ?sslmode=verify-full&sslrootcert=/path/ca.pem",
  DEPTH_ZERO_SELF_SIGNED_CERT: "add the server's certificate: ?sslmode=verify-full&sslrootcert=/path/ca.pem",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "add the authority's certificate: ?sslmode=verify-full&sslrootcert=/path/ca.pem",
}

/** What to look at when a server could not be opened. */
export function postgresAdvice(error: unknown): string {
  const code = error instanceof PostgresError ? error.code : undefined
  return ADVICE[code ?? ''] ?? 'see docs/database.md'
}
