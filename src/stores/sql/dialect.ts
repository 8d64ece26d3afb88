import { PostgresAdapter, type ColumnDefinitionBuilder, type Kysely } from 'kysely'

/** What differs between the two databases is asked here, by what their dialect is. */
export const isPostgres = (db: Pick<Kysely<unknown>, 'getExecutor'>): boolean =>
  db.getExecutor().adapter instanceof PostgresAdapter

/** Type and making of a primary key that counts up by itself: `.addColumn('seq', ...numbered(db))`. */
export function numbered(db: Kysely<unknown>) {
  const make = (column: ColumnDefinitionBuilder) =>
    isPostgres(db) ? column.generatedAlwaysAsIdentity().primaryKey() : column.primaryKey().autoIncrement()
  return [isPostgres(db) ? 'bigint' : 'integer', make] as const
}
