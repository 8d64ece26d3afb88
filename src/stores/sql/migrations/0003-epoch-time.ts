import type { Kysely, Migration } from 'kysely'

/** When a user's epoch was raised: a sign-in that the host verified before that moment is refused. */
export const epochTime: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('security_users')
      .addColumn('epoch_changed_at', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
  },
}
