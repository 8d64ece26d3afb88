import { sql } from 'kysely'
import type { Envelopes } from '../../src/core/envelope.js'
import type { Database } from '../../src/stores/sql/database.js'
import type { EnvelopedColumn } from '../../src/stores/sql/envelopes.js'

const TABLE = 'security_sealed_things'

interface Thing {
  user_id: string
  kind: string
  sealed: string | null
}

export const placeOf = ({ user_id: owner, kind }: Pick<Thing, 'user_id' | 'kind'>) => ({
  owner,
  field: `thing.${kind}`,
})

/** A table as a feature would have it, registered as a feature would register it. */
export const THINGS = {
  table: TABLE,
  column: 'sealed',
  id: ['user_id', 'kind'],
  where: placeOf,
} as unknown as EnvelopedColumn

/** Makes that table, whatever the prefix. */
export async function createThings(db: Database): Promise<void> {
  await db.schema
    .createTable(TABLE)
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('sealed', 'text')
    .addPrimaryKeyConstraint('security_sealed_things_key', ['user_id', 'kind'])
    .execute()
}

/** Seals a text and keeps it, in place of what was there. */
export async function keep(db: Database, envelopes: Envelopes, userId: string, plain: string, kind = 'totp') {
  await write(db, userId, envelopes.seal(plain, placeOf({ user_id: userId, kind })), kind)
}

export async function write(db: Database, userId: string, text: string | null, kind = 'totp'): Promise<void> {
  await sql`insert into ${sql.table(TABLE)} (user_id, kind, sealed) values (${userId}, ${kind}, ${text})
    on conflict (user_id, kind) do update set sealed = excluded.sealed`.execute(db)
}

/** All rows, in the order of their ids. */
export async function things(db: Database): Promise<Thing[]> {
  return (await sql<Thing>`select * from ${sql.table(TABLE)} order by user_id, kind`.execute(db)).rows
}
