import { sql } from 'kysely'
import type { Database } from '../../src/stores/sql/database.js'
import { isPostgres } from '../../src/stores/sql/dialect.js'

/** Runs `work` while somebody else keeps every write waiting; reads go on. */
export async function whileLocked<T>(db: Database, work: () => Promise<T>): Promise<T> {
  return db.connection().execute(async (other) => {
    if (isPostgres(db)) {
      await sql`begin`.execute(other)
      await sql`lock table security_users, security_sessions, security_session_data in exclusive mode`.execute(other)
    } else await sql`begin immediate`.execute(other)
    try {
      return await work()
    } finally {
      await sql`rollback`.execute(other)
    }
  })
}

/** Lets the database refuse the audit rows of an action: "disk full". Resolves with how to end it. */
export async function refuseAuditRows(db: Database, action: string): Promise<() => Promise<void>> {
  if (!isPostgres(db)) {
    await sql`create trigger full_disk before insert on security_audit_events
      when new.action = ${sql.lit(action)} begin select raise(abort, 'disk full'); end`.execute(db)
    return async () => void (await sql`drop trigger full_disk`.execute(db))
  }
  await sql`create function full_disk() returns trigger language plpgsql as
    $$ begin raise exception 'disk full'; end $$`.execute(db)
  await sql`create trigger full_disk before insert on security_audit_events for each row
    when (new.action = ${sql.lit(action)}) execute function full_disk()`.execute(db)
  return async () => void (await sql`drop function full_disk cascade`.execute(db))
}
