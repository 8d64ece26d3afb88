import type { Kysely, Migration } from 'kysely'

/** A change of a credential erases what its user still had: without reading what everybody else has. */
export const secretsByUser: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createIndex('security_one_time_secrets_user')
      .on('security_one_time_secrets')
      .column('user_id')
      .execute()
  },
}
