import { whenFree, type Database } from './database.js'
import type { StateRow } from './schema.js'

type StateName = StateRow['name']

/** Writes that something was so at this time (milliseconds since the epoch). */
export async function tellState(db: Database, name: StateName, at: number): Promise<void> {
  const row = { changed_at: at }
  const tell = db
    .insertInto('security_state')
    .values({ name, ...row })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
  await whenFree(() => tell.execute())
}

/** When each thing was last told, in milliseconds since the epoch. */
export async function statesTold(db: Database): Promise<Map<string, number>> {
  const rows = await db.selectFrom('security_state').select(['name', 'changed_at']).execute()
  return new Map(rows.map(({ name, changed_at }) => [name, changed_at]))
}
