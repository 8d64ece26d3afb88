import type { Place } from './database.js'
import { codeIn, explain } from './network.js'

/** SQLite's result codes (sqlite.org/rescode.html). */
const SQLITE: Record<number, string> = {
  5: 'another process holds it: try again',
  8: 'give the user of the app the right to write to the file and its folder',
  14: 'give the user of the app the right to read and write the file and its folder',
  26: 'the file is something else: correct the address, or put a backup in its place',
}

/** SQLSTATE codes of PostgreSQL (its manual, appendix A). */
const POSTGRESQL: Record<string, string> = {
  '28P01': 'correct the user or the password in the address',
  '28000':
    'let this user in from this machine (pg_hba.conf), or correct the address; "no encryption": add ?sslmode=require',
  '3D000': 'create the database, or correct its name in the address',
  '42501': 'give the user of the address the right to create tables: GRANT CREATE, USAGE ON SCHEMA public',
  '25006': 'this is a replica, or set read-only: give the address of the primary',
  '53300': 'it has no connection left: raise max_connections, or let fewer processes connect',
}

/** What a failed look at a database, or a failed migration, says and what to do about it. */
export function explainDatabase(place: Place, error: unknown): { seen: string; change: string } {
  const { seen, advice } = explain(error)
  if (/corrupted migrations/.test(seen))
    return {
      seen: `a newer version of Sallyport has migrated it (${seen})`,
      change: 'install that version again; tables are never migrated back',
    }
  if (place.dialect === 'postgresql')
    return { seen, change: POSTGRESQL[codeIn(error)] ?? advice ?? 'correct database (DATABASE_URL), or start it' }
  return { seen, change: SQLITE[resultCode(error)] ?? 'correct database (DATABASE_URL); is the folder writable?' }
}

/** An error with what to do about it, for a command that cannot go on. */
export function databaseFailure(place: Place, error: unknown): Error {
  const { seen, change } = explainDatabase(place, error)
  return new Error(`${place.shown} failed: ${seen}\n  -> ${change}`, { cause: error })
}

function resultCode(error: unknown): number {
  if (!(error instanceof Error)) return 0
  return 'errcode' in error ? Number(error.errcode) & 0xff : resultCode(error.cause)
}
