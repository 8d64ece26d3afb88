import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { Envelopes, keyIdOf } from '../../src/core/envelope.js'
import { envelopeKeys } from '../../src/key-configuration.js'
import { openDatabase } from '../../src/stores/sql/database.js'
import { createThings, keep, placeOf, things } from '../rotation/sealed-things.js'
import { tempFolder } from '../support/services.js'
import { cli, configFile, doctor, GOOD_SECRET, OLD_SECRET } from './run-cli.js'

const NODE_OPTIONS = `--import ${new URL('register-things.js', import.meta.url).href}`
/** As generators write them: random by their looks. */
const OWN_KEY = 'q1Zl0f7m8fW3dHnT6vQb2XcYkR9sJp4uG5eLiA+oE/M='

describe('sallyport keys', function () {
  this.timeout(60_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  before(async () => void (folder = await tempFolder()))
  after(() => folder.remove())

  const urlOf = (name: string): string => `sqlite:${join(folder.path, name)}`

  /** Runs a command with a feature that has envelopes. No key is ever printed. */
  async function keys(args: string[], env: NodeJS.ProcessEnv = {}) {
    const ran = await cli(['keys', ...args], { env: { NODE_OPTIONS, ...env } })
    assert.ok(!(ran.out + ran.err).includes(OWN_KEY))
    return ran
  }

  /** A database in which two secrets are sealed under the key that is derived from a secret. */
  async function sealed(name: string, secret: string): Promise<string> {
    const db = await openDatabase(urlOf(name))
    await createThings(db)
    const envelopes = new Envelopes(envelopeKeys(undefined, [secret]))
    for (const user of ['u1', 'u2']) await keep(db, envelopes, user, `seed of ${user}`)
    await db.destroy()
    return urlOf(name)
  }

  it('lists and rotates, from the derived key to one of your own', async () => {
    const database = await sealed('own.db', GOOD_SECRET)
    const file = await configFile(folder.path, { database, keys: [{ id: '2026-01', key: OWN_KEY }], origin: undefined })
    const listed = await keys(['list', '--config', file])
    assert.equal(listed.code, 0)
    assert.match(
      listed.out,
      /^2026-01          no envelopes, seals\nsecret-[0-9a-f]{8}  2 envelopes, opens; run before it goes: sallyport keys rotate\n$/,
    )
    const rotated = await keys(['rotate', '--config', file])
    assert.deepEqual([rotated.code, rotated.out], [0, '2 envelopes sealed anew under 2026-01\n'])
    assert.match((await keys(['list', '--config', file])).out, /^2026-01          2 envelopes, seals\n/)

    const db = await openDatabase(database)
    const own = new Envelopes(envelopeKeys([{ id: '2026-01', key: OWN_KEY }], []))
    for (const row of await things(db)) assert.equal(own.open(row.sealed!, placeOf(row)), `seed of ${row.user_id}`)
    await db.destroy()
  })

  it('rotates with a secret that is rotated', async () => {
    const database = await sealed('secret.db', OLD_SECRET)
    const file = await configFile(folder.path, { database, secret: [GOOD_SECRET, OLD_SECRET] })
    assert.equal((await keys(['rotate', '--config', file])).out.split(' ')[0], '2')
    const alone = await configFile(folder.path, { database, secret: GOOD_SECRET })
    assert.deepEqual((await keys(['list', '--config', alone])).code, 0)
  })

  it('a missing key is listed, is not rotated away, and is a problem for doctor', async () => {
    const database = await sealed('missing.db', OLD_SECRET)
    const env = { DATABASE_URL: database, SALLYPORT_SECRET: GOOD_SECRET }
    const listed = await keys(['list'], env)
    assert.equal(listed.code, 1)
    assert.match(listed.out, /no envelopes, seals\nsecret-\w{8}  2 envelopes, MISSING: put the secret/)
    const rotated = await keys(['rotate'], env)
    assert.equal(rotated.code, 1)
    assert.match(rotated.err, /2 envelopes could not be opened; see: sallyport keys list/)

    const run = { env: { NODE_OPTIONS } }
    const missing = await doctor(await configFile(folder.path, { database }), [], run)
    assert.match(missing.says('sql_keys', 'problem'), /sealed under "secret-\w{8}".* -> put it back/)
    const both = { database, secret: [GOOD_SECRET, OLD_SECRET] }
    const old = await doctor(await configFile(folder.path, both), [], run)
    assert.match(old.says('sql_keys', 'warning'), /npx sallyport keys rotate/)
    assert.equal(old.level('sqlite_journal'), 'ok', 'the checks after it are run')
  })

  it('a database that is not there is not made', async () => {
    for (const command of ['list', 'rotate']) {
      const { code, err } = await keys([command], { DATABASE_URL: urlOf('none.db'), SALLYPORT_SECRET: GOOD_SECRET })
      assert.equal(code, 2)
      assert.match(err, /there is no file sqlite:.*none\.db; run it in the folder of the app/)
      assert.ok(!existsSync(join(folder.path, 'none.db')))
    }
  })

  it('tables of a newer version are left alone: it may have sealed what is unknown here', async () => {
    const database = await sealed('newer.db', OLD_SECRET)
    const db = await openDatabase(database)
    await sql`insert into security_migrations values ('0099_later', '2031-01-01')`.execute(db)
    const env = { DATABASE_URL: database, SALLYPORT_SECRET: GOOD_SECRET }
    for (const command of ['list', 'rotate']) {
      const { code, err } = await keys([command], env)
      assert.equal(code, 1)
      assert.match(err, /newer version \(0099_later is unknown here\); install that version again/)
    }
    for (const { sealed: text } of await things(db)) assert.match(keyIdOf(text!)!, /^secret-/)
    await db.destroy()
  })

  it('says what is wrong with keys, and with a secret that is not there', async () => {
    const wrong = { database: urlOf('own.db'), keys: [{ id: '2026-01', key: OWN_KEY.slice(4) }] }
    const { code, err } = await keys(['list', '--config', await configFile(folder.path, wrong)])
    assert.equal(code, 1)
    assert.match(err, /keys\.0\.key is not 32 bytes in base64; .*openssl rand -base64 32/)
    assert.match((await keys(['list'], { DATABASE_URL: urlOf('own.db') })).err, /secret is missing/)
    assert.equal((await keys(['list'], { DATABASE_URL: 'sqlite::memory:', SALLYPORT_SECRET: GOOD_SECRET })).code, 2)
  })
})
