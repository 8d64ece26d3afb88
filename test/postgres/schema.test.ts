import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { TableMetadata } from 'kysely'
import { openDatabase } from '../../src/stores/sql/database.js'
import { sharedPostgres } from '../support/postgres.js'

/** Table -> column -> "type" or "type, null". */
type Tables = Record<string, Record<string, string>>

const SQL_NAMES: Record<string, string> = { int4: 'integer', int8: 'bigint' }

function described(): Tables {
  const [, page] = readFileSync('docs/database.md', 'utf8').split('\n## The schema\n')
  const tables: Tables = {}
  for (const section of page!.split('\n### ').slice(1)) {
    const rows = [...section.matchAll(/^\| `(\w+)` \| ([a-z]+(?:, null)?) \|/gm)]
    tables[section.split('\n')[0]!] = Object.fromEntries(rows.map(([, column, type]) => [column!, type!]))
  }
  return tables
}

async function tablesOf(url: string): Promise<readonly TableMetadata[]> {
  const db = await openDatabase(url)
  const tables = await db.introspection.getTables()
  await db.destroy()
  return tables
}

describe('The schema in docs/database.md', () => {
  it('is that of PostgreSQL, column by column', async () => {
    const { url, drop } = await (await sharedPostgres()).freshDatabase()
    const tables = await tablesOf(url)
    await drop()
    const typeOf = (name: string) => SQL_NAMES[name] ?? name
    const real = tables.map(({ name, columns }) => [
      name,
      Object.fromEntries(columns.map((c) => [c.name, typeOf(c.dataType) + (c.isNullable ? ', null' : '')])),
    ])
    assert.deepEqual(described(), Object.fromEntries(real))
  })

  it('is that of SQLite, name by name', async () => {
    const real = (await tablesOf('sqlite::memory:')).map(({ name, columns }) => [
      name,
      columns.map((column) => column.name).toSorted(),
    ])
    const page = Object.entries(described()).map(([name, columns]) => [name, Object.keys(columns).toSorted()])
    assert.deepEqual(Object.fromEntries(page), Object.fromEntries(real))
  })
})
