import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, chown, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { sql } from 'kysely'
import { createSecurity, ConfigurationError, type SecurityOptions } from 'sallyport'
import { openDatabase } from '../../src/stores/sql/database.js'
import { ada, PASSWORDS, SECRET, startHost } from '../support/host.js'
import { PASSWORD, sharedPostgres, startPostgres, type PostgresServer } from '../support/postgres.js'
import { freePort } from '../support/services.js'
import { refusal } from './refusal.js'

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

describe('Ways to PostgreSQL', function () {
  this.timeout(20_000)
  let server: PostgresServer
  let certificate: string
  const warnings: string[] = []
  const note = (warning: Error) => void warnings.push(warning.message)
  before(async () => {
    server = await startPostgres()
    certificate = join(server.folder, 'server.pem')
    const key = join(server.folder, 'server.key')
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', certificate], {
      stdio: 'pipe',
    })
    const { uid, gid } = await stat(server.folder)
    await chown(key, uid, gid)
    await chmod(key, 0o600)
    await server.stop('SIGINT')
    await server.start('ssl=on', `ssl_cert_file=${certificate}`, `ssl_key_file=${key}`)
    process.on('warning', note)
  })
  after(async () => {
    process.off('warning', note)
    await server?.close()
  })

  async function isEncrypted(url: string): Promise<boolean> {
    const db = await openDatabase(url)
    const { rows } = await sql<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(db)
    await db.destroy()
    return rows[0]!.ssl
  }

  it('TLS, when the address says so; each mode but no-verify wants a certificate that it can trust', async () => {
    assert.equal(await isEncrypted(server.url), false)
    const root = `sslrootcert=${encodeURIComponent(certificate)}`
    assert.equal(await isEncrypted(`${server.url}?sslmode=verify-full&${root}`), true)
    assert.equal(await isEncrypted(`${server.url}?sslmode=require&${root}`), true)
    assert.equal(await isEncrypted(`${server.url}?sslmode=no-verify`), true)
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      assert.match(await refusal(`${server.url}?sslmode=${mode}`), /self-signed certificate.*sslrootcert=/)
    assert.deepEqual(warnings, [])
  })

  it('a socket in the file system', async () => {
    const folder = encodeURIComponent(server.folder)
    assert.equal(await isEncrypted(`postgres:///postgres?host=${folder}&port=${server.port}&user=postgres`), false)
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

  it('lets in when it is right; and who may only read and write rows can serve', async () => {
    const server = await sharedPostgres()
    const { url, name, drop } = await server.freshDatabase()
    await (await openDatabase(url)).destroy()
    await server.run('grant select, insert, update, delete on all tables in schema public to with_password', name)
    const host = await startHost({ database: url.replace('postgres@', `with_password:${PASSWORD}@`) })
    const browser = host.browser()
    assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
    assert.equal(await host.security.sessions.revokeAll(ada.id), 1)
    assert.equal(await browser.isSignedIn(), false)
    assert.deepEqual(host.errors, [])
    await host.close()
    await drop()
  })
})
