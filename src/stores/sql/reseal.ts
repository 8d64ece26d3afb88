import { sql, type RawBuilder } from 'kysely'
import { EnvelopeError, type EnvelopePlace, type Envelopes } from '../../core/envelope.js'
import { whenFree, type Database } from './database.js'
import { ENVELOPED, keyIdIn, type EnvelopedColumn } from './envelopes.js'

const AT_ONCE = 100

export interface Resealed {
  resealed: number
  /** What could not be opened, and was left as it is: the key is missing, or the row was changed by hand. */
  unopened: number
}

type Row = Record<string, string>

/**
 * Seals every envelope anew that is not under the first key. Safe while the app runs, and several times at once: a row
 * that somebody else changes in between is left to them. Ended early, it goes on where it was when it is run again.
 */
export async function resealAll(db: Database, envelopes: Envelopes, columns = ENVELOPED): Promise<Resealed> {
  const done = { resealed: 0, unopened: 0 }
  for (const column of columns)
    for await (const row of staleRows(db, column, envelopes)) await reseal(db, column, { row, envelopes, done })
  return done
}

/** What is not under the first key, some rows at a time and by their ids: one that does not open is met once. */
async function* staleRows(db: Database, { table, column, id }: EnvelopedColumn, { keyIds }: Envelopes) {
  const ids = sql.join(id.map((each) => sql.ref(each)))
  for (let last: Row | undefined; ;) {
    const after = last ? sql`and (${ids}) > (${sql.join(id.map((each) => last![each]))})` : sql``
    const selected = sql<Row>`
      select * from ${sql.table(table)}
      where ${sql.ref(column)} is not null and ${keyIdIn(db, column)} <> ${keyIds[0]} ${after}
      order by ${ids} limit ${AT_ONCE}`
    const { rows } = await selected.execute(db)
    yield* rows
    last = rows.at(-1)
    if (rows.length < AT_ONCE) return
  }
}

async function reseal(
  db: Database,
  { table, column, id, where }: EnvelopedColumn,
  { row, envelopes, done }: { row: Row; envelopes: Envelopes; done: Resealed },
): Promise<void> {
  const place: EnvelopePlace = where(row as never)
  const old = row[column]!
  const renewed = opened(() => envelopes.seal(envelopes.open(old, place), place))
  if (renewed === null) {
    done.unopened += 1
    return
  }
  const same: RawBuilder<unknown>[] = [...id, column].map((each) => sql`${sql.ref(each)} = ${row[each]}`)
  const update = sql`update ${sql.table(table)} set ${sql.ref(column)} = ${renewed} where ${sql.join(same, sql` and `)}`
  const { numAffectedRows } = await whenFree(() => update.execute(db))
  done.resealed += Number(numAffectedRows)
}

function opened(work: () => string): string | null {
  try {
    return work()
  } catch (error) {
    if (error instanceof EnvelopeError) return null
    throw error
  }
}
