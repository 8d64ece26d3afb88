import type { Kysely, Migration } from 'kysely'

/** Counters of failed attempts, and the browsers that have signed in before. */
export const throttle: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('security_throttles')
      .addColumn('counter', 'text', (c) => c.primaryKey())
      .addColumn('attempts', 'text', (c) => c.notNull())
      .addColumn('blocked_until', 'bigint', (c) => c.notNull())
      .addColumn('forget_at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema.createIndex('security_throttles_forget').on('security_throttles').column('forget_at').execute()
    await db.schema
      .createTable('security_known_devices')
      .addColumn('token_hash', 'text', (c) => c.primaryKey())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('label', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('last_seen_at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema
      .createIndex('security_known_devices_user')
      .on('security_known_devices')
      .columns(['user_id', 'last_seen_at'])
      .execute()
  },
}
