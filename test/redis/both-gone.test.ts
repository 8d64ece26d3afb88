import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { ask, look, type Session } from '../race/client.js'
import { until } from '../support/clock.js'
import { ADA, assertIn, devices, hotKeyOf, revoke, startFleet, timed, type Fleet } from './hosts.js'

const TABLES = ['sessions', 'dead_ids', 'users']

describe('Neither Redis nor SQL', function () {
  this.timeout(30_000)
  let fleet: Fleet
  let db: Database
  let alive: Session
  let revoked: Session
  before(async () => {
    fleet = await startFleet()
    db = await openDatabase(fleet.database)
  })
  after(async () => {
    await db?.destroy()
    await fleet?.close()
  })
  beforeEach(async () => {
    ;[alive, revoked] = (await devices(fleet.a, ADA, 2)) as [Session, Session]
    await assertIn(fleet.hosts, [alive, revoked], true)
    assert.equal(await revoke(fleet.b, alive, revoked), 200)
  })

  const rename = async (from: string, to: string) => {
    for (const table of TABLES)
      await sql`alter table ${sql.table(`${from}_${table}`)} rename to ${sql.table(`${to}_${table}`)}`.execute(db)
  }
  let isGone = false
  const takeSql = async () => {
    await rename('security', 'gone')
    isGone = true
  }
  const giveSql = async () => {
    await rename('gone', 'security')
    isGone = false
  }

  afterEach(async () => {
    if (isGone) await giveSql() // the next test begins with all there
  })

  /** Every protected request is refused with 503 in time, whoever asks; what is public is there for everybody. */
  async function nobodyIsLetIn(): Promise<void> {
    const request = async (path: string, cookie: string | null, status: number) => {
      for (const host of fleet.hosts) {
        const { value, ms } = await timed(() => ask(host, path, { cookie }))
        assert.equal(value.status, status, `${path} ${JSON.stringify(value.body)}`)
        assert.equal(value.cookie, null)
        assert.ok(ms < 1_000, `${path} took ${ms} ms`)
        if (status === 503) assert.equal(value.body.code, 'unavailable')
        if (path === '/race/open') assert.equal(value.body.user, null)
      }
    }
    const crowd = Array.from({ length: 10 }, () => [
      request('/race/guarded', alive.cookie, 503),
      request('/race/guarded', revoked.cookie, 503),
      request('/security/sessions', alive.cookie, 503),
      request('/race/open', alive.cookie, 200),
      request('/race/open', null, 200),
      request('/race/guarded', null, 401),
      request('/security/sign-in', null, 200),
    ])
    await Promise.all(crowd.flat())
  }

  async function allIsWell(): Promise<void> {
    const { ms } = await timed(() =>
      until(
        'everybody is in again',
        async () => {
          const answers = await Promise.all(fleet.hosts.map((host) => ask(host, '/race/guarded', alive)))
          return answers.every((each) => each.status === 200)
        },
        8_000,
      ),
    )
    assert.ok(ms < 2_000, `in again after ${ms} ms`)
    await assertIn(fleet.hosts, [alive], true)
    await assertIn(fleet.hosts, [revoked], false)
  }

  for (const how of ['stopped', 'paused'] as const)
    it(`Redis ${how}: nobody is let in, nobody is signed out, and all is well within two seconds`, async () => {
      await takeSql()
      if (how === 'stopped') await fleet.server.stop()
      else fleet.server.pause()
      try {
        for (let i = 0; i < 3; i += 1) {
          await nobodyIsLetIn()
          await wait(300)
        }
        await giveSql()
        await allIsWell()
      } finally {
        if (how === 'stopped') await fleet.server.start()
        else fleet.server.resume()
      }
      await allIsWell()
    })

  it('SQL is gone and Redis comes back as another: its copies count for nothing, and nobody is let in', async () => {
    await fleet.raw.save()
    await takeSql()
    await fleet.server.stop()
    await fleet.server.start()
    await until('Redis', async () => (await fleet.raw.get(hotKeyOf(alive))) !== null, 5_000)
    assert.match((await fleet.raw.get(hotKeyOf(alive)))!, /^c:/, 'else this would prove nothing')
    for (let i = 0; i < 4; i += 1) {
      for (const host of fleet.hosts)
        assert.equal((await ask(host, '/race/guarded', { cookie: alive.cookie })).status, 503)
      await wait(300)
    }
    await giveSql()
    await allIsWell()
  })

  it('SQL alone is gone: the same Redis goes on to serve, and who was revoked stays out', async () => {
    await look(fleet.a, alive.cookie)
    await takeSql()
    for (let i = 0; i < 4; i += 1) {
      for (const host of fleet.hosts) {
        assert.equal((await ask(host, '/race/guarded', { cookie: alive.cookie })).status, 200)
        assert.notEqual((await ask(host, '/race/guarded', { cookie: revoked.cookie })).status, 200)
      }
      await wait(400)
    }
    await giveSql()
    await allIsWell()
  })
})
