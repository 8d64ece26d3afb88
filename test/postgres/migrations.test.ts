import assert from 'node:assert/strict'
import { join } from 'node:path'
import { sql } from 'kysely'
import { connect } from '../../src/stores/sql/connect.js'
import { openDatabase } from '../../src/stores/sql/database.js'
import { knownMigrations, migrate, MIGRATIONS } from '../../src/stores/sql/migrations.js'
import { look, signIn } from '../race/client.js'
import { startHosts } from '../race/start-hosts.js'
import { ada, PASSWORDS, startHost } from '../support/host.js'
import { sharedPostgres } from '../support/postgres.js'
import { stopAll, type HostProcess } from '../support/process.js'
import { tempFolder } from '../support/services.js'
import { refusal } from './refusal.js'

interface Place {
  url: string
  drop: () => Promise<void>
}

const PLACES: Record<string, () => Promise<Place>> = {
  SQLite: async () => {
    const folder = await tempFolder()
    return { url: `sqlite:${join(folder.path, 'security.db')}`, drop: folder.remove }
  },
  PostgreSQL: async () => (await sharedPostgres()).freshDatabase(),
}

async function tablesOf(url: string): Promise<string[]> {
  const { db } = await connect(url)
  const tables = await db.introspection.getTables()
  await db.destroy()
  return tables.map((each) => each.name).toSorted()
}

for (const [name, newPlace] of Object.entries(PLACES))
  describe(`The tables on ${name}`, function () {
    this.timeout(30_000)
    let place: Place
    beforeEach(async () => void (place = await newPlace()))
    afterEach(() => place.drop())

    it('six processes that start at once make them once, and all serve', async () => {
      let hosts: HostProcess[] = []
      try {
        hosts = await startHosts(6, { kind: 'sallyport', database: place.url })
        const { cookie } = await signIn(hosts[0]!, 'lane0')
        for (const host of hosts) assert.ok((await look(host, cookie)).isIn)
        assert.deepEqual(
          hosts.flatMap((host) => host.errors),
          [],
        )
      } finally {
        await stopAll(hosts)
      }
      const { db } = await connect(place.url)
      const applied = await sql<{ name: string }>`select name from security_migrations order by name`.execute(db)
      await db.destroy()
      assert.deepEqual(
        applied.rows.map((row) => row.name),
        knownMigrations(),
      )
    })

    it('autoMigrate: false refuses to start and names what is missing, until somebody has migrated', async () => {
      const message = await refusal(place.url, { autoMigrate: false })
      assert.match(message, new RegExp(knownMigrations().join(', ')))
      assert.match(message, /run "npx sallyport migrate"/)
      assert.deepEqual(await tablesOf(place.url), [], 'nothing was made')

      const { db } = await connect(place.url)
      assert.deepEqual(await migrate(db), knownMigrations())
      assert.deepEqual(await migrate(db), [])
      await db.destroy()
      await (await openDatabase(place.url, { autoMigrate: false })).destroy()
    })

    it('a migration that fails leaves nothing behind, and is tried again at the next start', async () => {
      MIGRATIONS['9999_broken'] = {
        up: async (db) => {
          await db.schema.createTable('security_half').addColumn('id', 'text').execute()
          await sql`select nonsense`.execute(db)
        },
      }
      try {
        assert.match(await refusal(place.url), /nonsense/)
        assert.deepEqual(await tablesOf(place.url), [])
      } finally {
        delete MIGRATIONS['9999_broken']
      }
      await (await openDatabase(place.url)).destroy()
    })

    it('a database that a newer version has migrated is refused, not half-run', async () => {
      const db = await openDatabase(place.url)
      await sql`insert into security_migrations values ('9000_from_the_future', '2031-01-01')`.execute(db)
      await db.destroy()
      for (const autoMigrate of [true, false])
        assert.match(
          await refusal(place.url, { autoMigrate }),
          /migrated by a newer version \(9000_from_the_future is unknown here\); install that version again/,
        )
    })

    it('tablePrefix names everything that is made, and two of them share a database', async () => {
      const host = await startHost({ database: place.url, tablePrefix: 'acme_' })
      const other = await startHost({ database: place.url, tablePrefix: 'x', people: [] })
      try {
        const browser = host.browser()
        assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
        await browser.json('/cart', { of: 'Ada' })
        assert.ok(await browser.isSignedIn())
        assert.equal(await host.security.sessions.revokeAll(ada.id), 1)
        assert.equal(await browser.isSignedIn(), false)
        assert.deepEqual([host.errors, other.errors], [[], []])
        const { db } = await connect(place.url)
        const rows = await sql<{ count: number }>`select count(*) as count from xsessions`.execute(db)
        await db.destroy()
        assert.equal(rows.rows[0]!.count, 0)
      } finally {
        await host.close()
        await other.close()
      }
      const tables = await tablesOf(place.url)
      assert.ok(tables.includes('acme_sessions') && tables.includes('acme_migrations') && tables.includes('xusers'))
      for (const table of tables) assert.match(table, /^(acme_|x)/)
      assert.equal(tables.length % 2, 0)
    })
  })

describe('Migrations at the very same moment', () => {
  it('one of six is first, the others find everything done', async () => {
    const { url, drop } = await (await sharedPostgres()).freshDatabase()
    const all = await Promise.all(Array.from({ length: 6 }, () => connect(url)))
    const applied = await Promise.all(all.map(({ db }) => migrate(db)))
    assert.deepEqual(
      applied.toSorted((a, b) => b.length - a.length),
      [knownMigrations(), [], [], [], [], []],
    )
    await Promise.all(all.map(({ db }) => db.destroy()))
    await drop()
  })
})
