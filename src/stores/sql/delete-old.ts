import { sql } from 'kysely'
import type { Database } from './database.js'
import { whenFree } from './busy.js'
import { isPostgres } from './dialect.js'
import type { Schema } from './schema.js'

const AT_ONCE = 500

/**
 * Deletes the rows whose `column` lies before `before`, a few hundred at a time, so that no statement comes over its
 * deadline. What another process is deleting at that moment is left to it.
 */
export async function deleteOld<T extends keyof Schema>(
  db: Database,
  table: T,
  { key, column, before }: { key: keyof Schema[T] & string; column: keyof Schema[T] & string; before: number },
): Promise<void> {
  const unlocked = isPostgres(db) ? sql`for update skip locked` : sql``
  const old = sql`
    delete from ${sql.table(table)} where ${sql.ref(key)} in (
      select ${sql.ref(key)} from ${sql.table(table)} where ${sql.ref(column)} < ${before} limit ${AT_ONCE} ${unlocked})`
  for (let deleted = AT_ONCE; deleted === AT_ONCE;) {
    const { numAffectedRows } = await whenFree(() => old.execute(db))
    deleted = Number(numAffectedRows)
    await new Promise((next) => setImmediate(next)) // SQLite works on this very thread
  }
}
