import { sql, type RawBuilder, type Selectable } from 'kysely'
import { ConfigurationError } from '../../core/errors.js'
import type { EnvelopePlace, Envelopes } from '../../core/envelope.js'
import type { Database } from './database.js'
import { isPostgres } from './dialect.js'
import { isMissingTable } from './migrations.js'
import type { Schema } from './schema.js'

/** A column whose texts are envelopes; null where there is no secret. */
export type EnvelopedColumn = { [T in keyof Schema]: ColumnOf<T> }[keyof Schema]

interface ColumnOf<T extends keyof Schema> {
  table: T
  column: keyof Schema[T] & string
  /** The columns of the primary key. */
  id: readonly (keyof Schema[T] & string)[]
  /** What the envelope of a row is bound to; the same as where it is sealed. */
  where: (row: Selectable<Schema[T]>) => EnvelopePlace
}

/**
 * Every column that holds envelopes, one line each: a feature that seals something adds its own. What is not listed here
 * is neither looked for at the start nor re-sealed. A rotation changes the texts at any moment: no other write may
 * depend on them.
 */
export const ENVELOPED: readonly EnvelopedColumn[] = [
  {
    table: 'security_one_time_secrets',
    column: 'content',
    id: ['token_hash'],
    where: (row) => ({ owner: row.token_hash, field: `one-time ${row.purpose}` }),
  },
  {
    table: 'security_totp',
    column: 'secret',
    id: ['user_id'],
    where: (row) => ({ owner: row.user_id, field: 'totp secret' }),
  },
  {
    table: 'security_totp',
    column: 'pending_secret',
    id: ['user_id'],
    where: (row) => ({ owner: row.user_id, field: 'totp pending secret' }),
  },
  {
    table: 'security_outbox',
    column: 'content',
    id: ['id'],
    where: (row) => ({ owner: row.id, field: 'outbox' }),
  },
]

/** How many envelopes there are under each key id, in all columns; under `''` what is no envelope. */
export async function countByKey(db: Database, columns = ENVELOPED): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const column of columns)
    for (const { id, count } of await countsIn(db, column)) counts.set(id, (counts.get(id) ?? 0) + count)
  return counts
}

/** The ids under which something is sealed, but whose keys are not there. */
async function missingKeys(db: Database, envelopes: Envelopes, columns = ENVELOPED): Promise<string[]> {
  const counts = await countByKey(db, columns)
  return [...counts.keys()].filter((id) => id !== '' && !envelopes.keyIds.includes(id)).toSorted()
}

/** Throws ConfigurationError while something is sealed under a key that is not there: nobody could use it. */
export async function assertKeysAreThere(db: Database, envelopes: Envelopes, columns = ENVELOPED): Promise<void> {
  const missing = await missingKeys(db, envelopes, columns)
  if (missing.length) throw new ConfigurationError(missing.map(explainMissing).join('\n  '))
}

/** What a missing key means, and what to write. */
function explainMissing(id: string): string {
  if (!id.startsWith('secret-'))
    return `keys: the database holds secrets sealed under key "${id}", which is not among them; add it back (the first one seals, all open)`
  return (
    `secret: the database holds secrets sealed under a key derived from an older one ("${id}"); add that back, ` +
    'secret: [new, old], until "npx sallyport keys rotate" has run'
  )
}

/** The id of the key that the envelope in a column names, as SQL; `''` where it is none. */
export function keyIdIn(db: Database, column: string): RawBuilder<string> {
  const text = sql.ref(column)
  const id = isPostgres(db)
    ? sql`split_part(${text}, '.', 2)`
    : sql`substr(${text}, 4, instr(substr(${text}, 4), '.') - 1)`
  return sql<string>`case when ${text} like 'v1.%.%' then ${id} else '' end`
}

async function countsIn(db: Database, { table, column }: EnvelopedColumn): Promise<{ id: string; count: number }[]> {
  const counting = sql<{ id: string; count: number | string }>`
    select ${keyIdIn(db, column)} as id, count(*) as count from ${sql.table(table)}
    where ${sql.ref(column)} is not null group by 1`
  try {
    const { rows } = await counting.execute(db)
    return rows.map(({ id, count }) => ({ id: isKeyId(id) ? id : '', count: Number(count) }))
  } catch (error) {
    if (isMissingTable(error)) return [] // where nothing has been migrated yet, nothing is sealed
    throw error
  }
}

const isKeyId = (text: string): boolean => /^[a-z0-9-]{1,32}$/.test(text)
