import type { Kysely, Migration } from 'kysely'

/** One-time secrets, authenticator apps, recovery codes, passkeys and trusted browsers. */
export const secondFactors: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('security_one_time_secrets')
      .addColumn('token_hash', 'text', (c) => c.primaryKey())
      .addColumn('purpose', 'text', (c) => c.notNull())
      .addColumn('user_id', 'text')
      .addColumn('content', 'text', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema
      .createTable('security_totp')
      .addColumn('user_id', 'text', (c) => c.primaryKey())
      .addColumn('secret', 'text')
      .addColumn('enabled_at', 'bigint')
      .addColumn('pending_secret', 'text')
      .addColumn('pending_by', 'text')
      .addColumn('pending_until', 'bigint')
      .addColumn('last_step', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema
      .createTable('security_recovery_code_sets')
      .addColumn('user_id', 'text', (c) => c.primaryKey())
      .addColumn('generation', 'text', (c) => c.notNull())
      .addColumn('salt', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('saved_at', 'bigint')
      .execute()
    await db.schema
      .createTable('security_recovery_codes')
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('code_hash', 'text', (c) => c.notNull())
      .addColumn('used_at', 'bigint')
      .addPrimaryKeyConstraint('security_recovery_codes_key', ['user_id', 'code_hash'])
      .execute()
    await db.schema
      .createTable('security_passkeys')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('credential_id', 'text', (c) => c.notNull().unique())
      .addColumn('public_key', 'text', (c) => c.notNull())
      .addColumn('sign_count', 'bigint', (c) => c.notNull())
      .addColumn('transports', 'text', (c) => c.notNull())
      .addColumn('aaguid', 'text', (c) => c.notNull())
      .addColumn('synced', 'integer', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('last_used_at', 'bigint')
      .execute()
    await db.schema
      .createTable('security_trusted_browsers')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('token_hash', 'text', (c) => c.notNull().unique())
      .addColumn('user_agent', 'text')
      .addColumn('ip', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('last_used_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .execute()
    for (const [table, column] of [
      ['security_one_time_secrets', 'expires_at'],
      ['security_passkeys', 'user_id'],
      ['security_trusted_browsers', 'user_id'],
    ] as const)
      await db.schema.createIndex(`${table}_${column}`).on(table).column(column).execute()
  },
}
