import { ConfigurationError } from '../../core/errors.js'

/** How pg is told where the server is, and how people are told: without password and settings. */
export interface PostgresUrl {
  connectionString: string
  shown: string
}

/** What pg 8 treats as `verify-full`, with a warning that a later one will not; we keep to the strict reading. */
const VERIFIED = new Set(['prefer', 'require', 'verify-ca'])

/** Reads `postgres://user:password@host:port/database?sslmode=verify-full`. Throws ConfigurationError, which never says the password. */
export function postgresUrl(text: string): PostgresUrl {
  const url = URL.canParse(text) ? new URL(text) : null
  // a "#", "/" or "?" in a password ends what comes before it: its first half would be taken for a port
  const isCut = url !== null && (url.hash !== '' || (url.username === '' && text.includes('@')))
  if (!url || isCut || url.hostname.includes(','))
    throw new ConfigurationError(
      "database is not a PostgreSQL address; write 'postgres://user:password@host:5432/name', one host, with what is " +
        'special in the password percent-encoded (encodeURIComponent)',
    )
  const { searchParams } = url
  if (VERIFIED.has(searchParams.get('sslmode') ?? '') && !searchParams.has('uselibpqcompat'))
    searchParams.set('sslmode', 'verify-full')
  const user = url.username && `${url.username}@`
  return {
    connectionString: url.href,
    shown: `${url.protocol}//${user}${url.host || searchParams.get('host') || ''}${url.pathname}`,
  }
}
