import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, chown, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { openDatabase } from '../../src/stores/sql/database.js'
import { tempFolder } from '../support/services.js'
import { APPLIED, PENDING, cli, configFile, GOOD_SECRET, STORE_PASSWORD } from './run-cli.js'

const NOBODY = 65534

describe('sallyport migrate', function () {
  this.timeout(30_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  before(async () => void (folder = await tempFolder()))
  after(() => folder.remove())

  const urlOf = (name: string): string => `sqlite:${join(folder.path, name)}`
  const migrate = (database: string, ...args: string[]) =>
    cli(['migrate', ...args], { env: { DATABASE_URL: database } })

  it('applies what is pending, says what, and is content the second time', async () => {
    const first = await migrate(urlOf('new/folder/security.db'))
    assert.deepEqual([first.code, first.out], [0, APPLIED])
    assert.match(first.err, /configuration: the environment \(DATABASE_URL\)/)
    const second = await migrate(urlOf('new/folder/security.db'))
    assert.equal(second.code, 0)
    assert.match(second.out, /^sqlite:.*security\.db is up to date\n$/)
  })

  it('--check names what is pending, exits with 1, and makes neither folder nor file', async () => {
    const { code, out } = await migrate(urlOf('none/security.db'), '--check')
    assert.deepEqual([code, out], [1, PENDING])
    assert.ok(!existsSync(join(folder.path, 'none')))
  })

  it('--check makes no table in a database that is there, and does not touch its journal', async () => {
    const file = join(folder.path, 'hosts.db')
    await writeFile(file, '')
    assert.equal((await migrate(`sqlite:${file}`, '--check')).code, 1)
    assert.equal(readFileSync(file).length, 0)
    assert.deepEqual(
      (await readdir(folder.path)).filter((name) => name.startsWith('hosts.db')),
      ['hosts.db'],
    )
  })

  it('--check exits with 0 when nothing is pending, and changes no byte', async () => {
    await migrate(urlOf('done.db'))
    const before = readFileSync(join(folder.path, 'done.db'))
    const { code, out } = await migrate(urlOf('done.db'), '--check')
    assert.equal(code, 0)
    assert.match(out, /is up to date/)
    assert.deepEqual(readFileSync(join(folder.path, 'done.db')), before)
  })

  it('two at once: one migrates, both succeed', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => migrate(urlOf('race.db'))))
    assert.deepEqual(
      runs.map(({ code }) => code),
      [0, 0, 0],
    )
    assert.equal(runs.filter(({ out }) => out.startsWith('applied')).length, 1, 'one has applied it')
  })

  it('reads a configuration file, of which it needs only the database', async () => {
    const file = await configFile(folder.path, { origin: undefined, secret: 'short', database: urlOf('file.db') })
    const { code, out, err } = await cli(['migrate', '--config', file])
    assert.deepEqual([code, out], [0, APPLIED])
    assert.match(err, /configuration: .*security-\d+\.config\.mjs \(export "default"\)/)
  })

  it('refuses tables of a newer version, and says what to install', async () => {
    const db = await openDatabase(urlOf('newer.db'))
    await sql`insert into security_migrations values ('0099_later', '2031-01-01')`.execute(db)
    await db.destroy()
    for (const args of [[], ['--check']]) {
      const { code, err } = await migrate(urlOf('newer.db'), ...args)
      assert.equal(code, 1)
      assert.match(err, /newer version.*0099_later/s)
    }
  })

  it('says what is wrong with a file that is no database', async () => {
    const file = join(folder.path, 'garbage.db')
    await writeFile(file, Buffer.from('\u0000\u0001\u0002 garbage '.repeat(500), 'latin1'))
    for (const args of [[], ['--check']]) {
      const { code, err } = await migrate(`sqlite:${file}`, ...args)
      assert.equal(code, 1)
      assert.match(err, /file is not a database\n {2}-> the file is something else/)
    }
  })

  it('says what is wrong with a folder that it may not write to', async () => {
    const locked = join(folder.path, 'locked')
    await mkdir(locked)
    await chmod(folder.path, 0o755)
    await chmod(locked, 0o555)
    const isRoot = process.getuid?.() === 0 // who may write everywhere
    if (isRoot) await chown(locked, 0, 0)
    const env = { DATABASE_URL: `sqlite:${join(locked, 'security.db')}` }
    const { code, err } = await cli(['migrate'], { env, ...(isRoot && { uid: NOBODY }) })
    assert.equal(code, 1)
    assert.match(err, /locked\/security\.db failed: .*\n {2}-> .*(folder|write)/)
    assert.deepEqual(await readdir(locked), [])
  })

  it('refuses a database that nobody else would see', async () => {
    const { code, err } = await migrate('sqlite::memory:')
    assert.equal(code, 2)
    assert.match(err, /gone when the command ends/)
  })

  it('does not know other databases', async () => {
    const { code, err } = await migrate(`mysql://app:${STORE_PASSWORD}@db.internal/app`)
    assert.equal(code, 1)
    assert.match(err, /database is "mysql:\.\.\."; write 'sqlite:/)
  })

  it('without any configuration says where it could come from', async () => {
    const { code, err } = await cli(['migrate'], { env: { OTHER_SECRET: GOOD_SECRET } })
    assert.equal(code, 2)
    assert.match(err, /--config \.\/security\.config\.js.*DATABASE_URL/s)
  })
})
