import assert from 'node:assert/strict'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { sql } from 'kysely'
import { createSecurity, ConfigurationError, type SecurityOptions } from 'sallyport'
import { connect } from '../../src/stores/sql/connect.js'
import { openDatabase, type DatabaseOptions } from '../../src/stores/sql/database.js'
import { knownMigrations, migrate, MIGRATIONS } from '../../src/stores/sql/migrations.js'
import { look, signIn } from '../race/client.js'
import { startHosts } from '../race/start-hosts.js'
import { ada, PASSWORDS, SECRET, startHost } from '../support/host.js'
import { PASSWORD, sharedPostgres, startPostgres, type PostgresServer } from '../support/postgres.js'
import { stopAll, type HostProcess } from '../support/process.js'
import { freePort, tempFolder } from '../support/services.js'

interface Place {
  url: string
  drop(): Promise<void>
}

const PLACES: Record<string, () => Promise<Place>> = {
  SQLite: async () => {
    const folder = await tempFolder()
    return { url: `sqlite:${join(folder.path, 'security.db')}`, drop: folder.remove }
  },
  PostgreSQL: async () => (await sharedPostgres()).freshDatabase(),
}

/** The message of the ConfigurationError with which this database refuses to open. */
async function refusal(url: string, options?: DatabaseOptions): Promise<string> {
  try {
    await (await openDatabase(url, options)).destroy()
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error))
    return error.message
  }
  throw new assert.AssertionError({ message: `opened ${url}` })
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
        assert.equal(Number(rows.rows[0]!.count), 0)
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

describe('A PostgreSQL that is not fit to serve', function () {
  this.timeout(30_000)
  let server: PostgresServer
  before(async () => void (server = await startPostgres()))
  after(() => server?.close())

  it('a replica is refused: the record is read from the primary', async () => {
    await server.stop('SIGINT')
    await server.becomeReplica(true)
    await server.start()
    try {
      assert.match(await refusal(server.url), /is a replica \(in recovery\); write the address .* the primary/)
    } finally {
      await server.stop('SIGINT')
      await server.becomeReplica(false)
      await server.start()
    }
  })

  for (const [setting, says] of [
    ['fsync=off', /fsync is off, .*write "fsync = on" into postgresql\.conf/],
    ['synchronous_commit=off', /synchronous_commit is off, .*write "synchronous_commit = on"/],
    ['default_transaction_read_only=on', /takes no writes .*write the address of the primary/],
  ] as const)
    it(`${setting} is refused with what to write`, async () => {
      await server.stop('SIGINT')
      await server.start(setting)
      assert.match(await refusal(server.url), says)
      await server.stop('SIGINT')
      await server.start()
    })

  it('what a role has of its own is seen too', async () => {
    await server.run('alter role with_password set synchronous_commit = off')
    const url = `postgres://with_password:${PASSWORD}@127.0.0.1:${server.port}/postgres`
    assert.match(await refusal(url), /ALTER ROLE \.\.\. SET synchronous_commit = on/)
    await server.run('alter role with_password reset synchronous_commit')
    assert.match(await refusal(url), /permission denied .*grant the user CREATE on the schema/)
  })

  it('a version that is too old is refused', async () => {
    const { url, name } = await server.freshDatabase()
    await server.run(
      `create function current_setting(text) returns text language sql as
        $$ select case when $1 = 'server_version_num' then '110022' else pg_catalog.current_setting($1) end $$`,
      name,
    )
    const options = encodeURIComponent('-c search_path=public,pg_catalog')
    assert.match(await refusal(`${url}?options=${options}`), /PostgreSQL 11 is too old; version 12 or newer/)
  })

  it('an encoding that has no place for every name is refused', async () => {
    await server.run("create database narrow encoding 'LATIN1' template template0")
    assert.match(await refusal(server.url.replace(/postgres$/, 'narrow')), /encoded in LATIN1.*ENCODING 'UTF8'/)
  })

  it('what cannot be reached says why, where, and what to look at', async () => {
    const nobody = await freePort()
    const refused: [string, RegExp][] = [
      [
        `postgres://app@127.0.0.1:${nobody}/app`,
        /postgres:\/\/app@127\.0\.0\.1:\d+\/app .*ECONNREFUSED.*running there/,
      ],
      [`postgresql://app@no-such-host.invalid/app`, /no-such-host\.invalid/],
      [server.url.replace(/postgres$/, 'nowhere'), /database "nowhere" does not exist.*create the database first/],
      [`${server.url}?sslmode=require`, /does not support SSL/],
    ]
    for (const [url, says] of refused) assert.match(await refusal(url), says)
  })

  it('a server that hangs is not waited for longer than a start may take', async () => {
    server.pause()
    try {
      const began = performance.now()
      assert.match(await refusal(server.url), /cannot be opened/)
      assert.ok(performance.now() - began < 8_000)
    } finally {
      server.resume()
    }
  })
})

describe('The password of a PostgreSQL address', () => {
  const SECRETIVE = 'pebble/12#34?x@y'

  it('is in no error, nor in anything that hangs on one', async () => {
    const { port } = await sharedPostgres()
    const encoded = encodeURIComponent(SECRETIVE)
    const urls = [
      `postgres://with_password:${encoded}@127.0.0.1:${port}/postgres`,
      `postgres://app:${encoded}@127.0.0.1:${await freePort()}/app`,
      `postgres://app:${encoded}@127.0.0.1:${port}/nowhere?sslmode=verify-full`,
      // not encoded: its first half must not be taken for a port, and shown
      ...['pebble/12', 'pebble#12', '12#pebble', '12?pebble', '12/pebble'].map(
        (password) => `postgres://app:${password}@127.0.0.1:${port}/app`,
      ),
      `postgres://app:${encoded}@one:5432,two:5432/app`,
    ]
    for (const url of urls) {
      const options: SecurityOptions = {
        origin: 'http://localhost:3000',
        secret: SECRET,
        database: url,
        users: { findById: () => null, findByEmail: () => null },
      }
      const error: unknown = await createSecurity(options).catch((thrown: unknown) => thrown)
      assert.ok(error instanceof ConfigurationError, url)
      const all = inspect(error, { depth: 20, showHidden: true, getters: true })
      assert.doesNotMatch(all, /pebble|12#34|12%2334/, all)
    }
  })

  it('lets in when it is right', async () => {
    const server = await sharedPostgres()
    const database = await server.freshDatabase()
    await server.run('grant all on schema public to with_password', database.name)
    const db = await openDatabase(database.url.replace('postgres@', `with_password:${PASSWORD}@`))
    await db.destroy()
    await database.drop()
  })
})
