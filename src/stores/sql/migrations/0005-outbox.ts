import type { Kysely, Migration } from 'kysely'

/** Mails that wait to be sent. */
export const outbox: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('security_outbox')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('content', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('due_at', 'bigint')
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('sent_at', 'bigint')
      .addColumn('failure', 'text')
      .execute()
    await db.schema.createIndex('security_outbox_due').on('security_outbox').column('due_at').execute()
  },
}
