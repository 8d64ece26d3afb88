import assert from 'node:assert/strict'
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { systemClock } from '../../src/core/clock.js'
import { sqliteIsLocal, type OpenedSqlite } from '../../src/cli/doctor/sqlite.js'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { tempFolder } from '../support/services.js'
import { configFile, doctor, type RunOptions } from './run-cli.js'

const NOBODY = 65534

describe('sallyport doctor, SQLite', function () {
  this.timeout(30_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  before(async () => void (folder = await tempFolder()))
  after(() => folder.remove())

  const examine = async (name: string, options: object = {}, run: RunOptions = {}) =>
    doctor(await configFile(folder.path, { database: `sqlite:${join(folder.path, name)}`, ...options }), [], run)

  /** Makes a database as the app would, and changes something in it. */
  async function made(name: string, change?: (db: Database) => Promise<unknown>): Promise<void> {
    const db = await openDatabase(`sqlite:${join(folder.path, name)}`)
    await change?.(db)
    await db.destroy()
  }

  it('that the app has used is good', async () => {
    await made('good.db')
    const found = await examine('good.db')
    for (const id of ['sql_reachable', 'sql_migrations', 'sqlite_writable', 'sqlite_journal'] as const)
      assert.equal(found.level(id), 'ok', id)
    for (const id of ['sql_newer', 'sqlite_memory', 'sqlite_network_file_system'] as const)
      assert.equal(found.level(id), undefined, id)
  })

  it('with mails that fail, or were given up, says so and why', async () => {
    const row = { user_id: 'u1', kind: 'new_device', content: 'v1.x.y', created_at: 0, sent_at: null }
    const write = (id: string, due: number | null, failure: string | null) => (db: Database) =>
      db
        .insertInto('security_outbox')
        .values({ ...row, id, due_at: due, attempts: 1, failure })
        .execute()
    const said = async () => {
      const examined = await examine('mails.db', { keys: [{ id: 'x', key: Buffer.alloc(32, 7).toString('base64') }] })
      const level = examined.level('mail_unsent')!
      return `${level}: ${examined.says('mail_unsent', level)}`
    }
    await made('mails.db', write('a', 1, null))
    assert.match(await said(), /^ok: no mail has been left unsent/)
    await made('mails.db', write('b', 2, '421 try later'))
    assert.match(await said(), /^warning: a mail has not been sent yet.*421 try later/)
    await made('mails.db', write('c', null, '550 \u001b[2Jgo away'))
    assert.match(await said(), /^problem: a mail was tried for a day and not sent; .*-> .*SET due_at = 0/)
  })

  it('that is not there is a problem, and is still not there afterwards', async () => {
    const found = await examine('not-there.db')
    assert.equal(found.level('sql_reachable'), 'problem')
    assert.match(found.says('sql_reachable'), /no such file.* -> .*npx sallyport migrate/)
    await assert.rejects(readFile(join(folder.path, 'not-there.db')))
  })

  it('that is something else is a problem', async () => {
    await writeFile(join(folder.path, 'garbage.db'), Buffer.alloc(5000, 'no database '))
    assert.match(
      (await examine('garbage.db')).says('sql_reachable'),
      /file is not a database -> the file is something else/,
    )
    await mkdir(join(folder.path, 'folder.db'))
    assert.equal((await examine('folder.db')).level('sql_reachable'), 'problem')
  })

  it('with a migration pending is a warning, and a problem where the app would not migrate by itself', async () => {
    await writeFile(join(folder.path, 'empty.db'), '')
    const found = await examine('empty.db')
    assert.equal(found.level('sql_migrations'), 'warning')
    assert.match(found.says('sql_migrations'), /0001_sessions.* -> .*npx sallyport migrate/)
    assert.equal((await readFile(join(folder.path, 'empty.db'))).length, 0, 'nothing was written')
  })

  it('that a newer version has migrated is a problem', async () => {
    await made('newer.db', (db) => sql`insert into security_migrations values ('0099_later', '2031')`.execute(db))
    assert.match((await examine('newer.db')).says('sql_newer'), /0099_later -> install that version again/)
  })

  it('in memory is gone at the next start', async () => {
    const options = { database: 'sqlite::memory:' }
    const found = await examine('', options)
    assert.equal(found.level('sqlite_memory'), 'warning')
    assert.equal(found.level('sql_migrations'), undefined, 'its tables are made anew at each start')
    const env = { NODE_ENV: 'production' }
    assert.equal((await examine('', options, { env })).level('sqlite_memory'), 'problem')
  })

  it('whose readers wait for writers is a warning', async () => {
    await made('delete.db', (db) => sql`pragma journal_mode = delete`.execute(db))
    const found = await examine('delete.db')
    assert.equal(found.level('sqlite_journal'), 'warning')
    assert.match(found.says('sqlite_journal'), /journal is "delete".* -> start the app once/)
  })

  it('in a folder that may not be written to is a problem', async () => {
    const locked = join(folder.path, 'locked')
    await mkdir(locked)
    await made('locked/security.db', (db) => sql`pragma journal_mode = delete`.execute(db))
    const isRoot = process.getuid?.() === 0 // who may write everywhere
    await chmod(folder.path, 0o755)
    await chmod(join(locked, 'security.db'), 0o666)
    if (isRoot) await chown(locked, 0, 0)
    await chmod(locked, 0o555)
    const found = await examine('locked/security.db', {}, isRoot ? { uid: NOBODY } : {})
    assert.equal(found.level('sqlite_writable'), 'problem')
    assert.match(found.says('sqlite_writable'), /locked is not writable for this user \(uid \d+\) -> .*chmod u\+w/)
    await chmod(locked, 0o755)
  })

  it('on a network file system is a problem', async () => {
    const place = { dialect: 'sqlite', url: '', shown: '', file: join(folder.path, 'nfs.db') } as const
    const opened = { place, clock: systemClock, nodeEnv: undefined, autoMigrate: true } as OpenedSqlite
    const NFS = 0x6969
    const found = await sqliteIsLocal(opened, () => Promise.resolve(NFS))
    assert.equal(found?.level, 'problem')
    assert.match(found.seen, /network file system \(NFS\)/)
    assert.equal(await sqliteIsLocal(opened), null, 'the disk of this machine')
  })
})
