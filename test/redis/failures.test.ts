import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { ask, look, signIn, type Session } from '../race/client.js'
import { until } from '../support/clock.js'
import { startProxy, type Proxy } from '../support/proxy.js'
import { startRedis, type RedisServer } from '../support/services.js'
import { ADA, assertIn, devices, hotKeyOf, revoke, startFleet, timed, type Fleet } from './hosts.js'

const CART = 'seven crates of oranges'
const AT_ONCE = 10

describe('Redis answers, but not as it should', function () {
  this.timeout(60_000)
  let fleet: Fleet
  let proxy: Proxy
  let delayMs = 0
  let alive: Session
  let victim: Session

  before(async () => {
    fleet = await startFleet(async (server) => {
      proxy = await startProxy(server.port, { delayMs: () => delayMs })
      return proxy.url
    })
  })
  after(async () => {
    await fleet?.close()
    await proxy?.close()
  })
  beforeEach(async () => {
    ;[alive, victim] = (await devices(fleet.a, ADA, 2)) as [Session, Session]
    await ask(fleet.a, '/race/note', { cookie: alive.cookie, body: { note: CART } })
    await until('all is well', isWhole, 8_000)
  })
  afterEach(() => {
    for (const host of fleet.hosts)
      assert.deepEqual(
        host.errors.splice(0).filter((each) => !/redis is unavailable|no such table/.test(each)),
        [],
      )
  })

  const noteOf = async (session: Session, host = fleet.a) =>
    (await ask(host, '/race/open', { cookie: session.cookie })).body.early

  /** Both processes fill copies, believe them, and load and store what the host keeps. */
  async function isWhole(): Promise<boolean> {
    await fleet.raw.del(hotKeyOf(alive))
    for (const host of fleet.hosts) {
      const note = `${CART} at ${host.url}`
      await ask(host, '/race/note', { cookie: alive.cookie, body: { note } })
      if ((await noteOf(alive, host)) !== note) return false
    }
    return ((await fleet.raw.get(hotKeyOf(alive))) ?? '').startsWith('c:')
  }

  async function isWholeWithin2s(): Promise<void> {
    const { ms } = await timed(() => until('all is well', isWhole, 8_000))
    assert.ok(ms < 2_000, `all was well after ${ms} ms`)
  }

  /** Crowds of requests at both processes: each is answered within a second, and as it must be. */
  async function everybodyIsServed(session = alive): Promise<void> {
    const request = async (path: string, cookie: string | null, status: number) => {
      for (const host of fleet.hosts) {
        const { value, ms } = await timed(() => ask(host, path, { cookie }))
        assert.equal(value.status, status, path)
        assert.equal(value.cookie, null, 'nobody is signed out, and nobody gets another id')
        assert.ok(ms < 1_000, `${path} took ${ms} ms`)
      }
    }
    const crowd = Array.from({ length: AT_ONCE }, () => [
      request('/race/guarded', session.cookie, 200),
      request('/race/open', session.cookie, 200),
      request('/race/guarded', null, 401),
      request('/security/sign-in', null, 200),
    ])
    await Promise.all(crowd.flat())
  }

  /** The revocation is acknowledged slowly, since no tombstone was confirmed, and holds. */
  async function revocationHolds(): Promise<void> {
    const { value, ms } = await timed(() => revoke(fleet.b, alive, victim))
    assert.equal(value, 200)
    assert.ok(ms >= 1_000, `acknowledged in ${ms} ms, though nobody has confirmed a tombstone`)
    await assertIn(fleet.hosts, [victim], false)
  }

  it('slow, 5 seconds for every reply: everybody is answered from SQL; then all is well within two seconds', async () => {
    delayMs = 5_000
    try {
      for (let i = 0; i < 5; i += 1) {
        await everybodyIsServed()
        await wait(300)
      }
      await revocationHolds()
      await everybodyIsServed()
    } finally {
      delayMs = 0
    }
    await isWholeWithin2s()
    await assertIn(fleet.hosts, [victim], false)
  })

  it('one connection is dead, and nobody says so: it is given up for a new one', async () => {
    delayMs = 60_000 // the replies of this second; those that follow on the same connection wait behind them
    await wait(1_000)
    delayMs = 0
    await everybodyIsServed()
    await until('all is well', isWhole, 5_000)
  })

  it('read-only, since it has become a replica', async () => {
    const other = await startRedis('--repl-diskless-sync-delay', '0')
    await fleet.raw.replicaof('127.0.0.1', other.port)
    try {
      await until('the link', async () => (await fleet.raw.info()).includes('master_link_status:up'), 5_000)
      await everybodyIsServed()
      await revocationHolds()
      await everybodyIsServed()
    } finally {
      await fleet.raw.replicaof('NO', 'ONE')
      await other.close()
    }
    alive = await signIn(fleet.a, ADA) // the replica has dropped what it had, as replicas do
    await isWholeWithin2s()
    await assertIn(fleet.hosts, [victim], false)
  })

  it('flapping, up and down every 300 ms: nobody is signed out, and nobody waits', async () => {
    const over = performance.now() + 5_000
    const flap = async (server: RedisServer) => {
      while (performance.now() < over) {
        await server.stop()
        await wait(300)
        await server.start()
        await wait(300)
      }
    }
    const flapping = flap(fleet.server)
    while (performance.now() < over) await everybodyIsServed()
    await flapping
    alive = await signIn(fleet.a, ADA) // nothing was saved, so the carts have gone with the server
    await isWholeWithin2s()
    await everybodyIsServed()
  })

  describe('out of memory', () => {
    let db: Database
    before(async () => void (db = await openDatabase(fleet.database)))
    after(() => db?.destroy())
    beforeEach(() => fleet.raw.config('SET', 'maxmemory', '1'))
    afterEach(() => fleet.raw.config('SET', 'maxmemory', '0'))

    it('what is there serves, what is new does not need it; then all is well within two seconds', async () => {
      await assert.rejects(fleet.raw.set('anything', 'new'), /OOM/)
      await everybodyIsServed()
      assert.equal(await noteOf(alive), `${CART} at ${fleet.b.url}`)
      const device = await signIn(fleet.a, ADA)
      await everybodyIsServed(device)
      await revocationHolds()
      await fleet.raw.config('SET', 'maxmemory', '0')
      await isWholeWithin2s()
      await assertIn(fleet.hosts, [victim], false)
      await assertIn(fleet.hosts, [device], true)
    })

    it('and SQL goes away as well: who was revoked, and could not be buried, is let in by no copy', async () => {
      await revocationHolds()
      assert.match((await fleet.raw.get(hotKeyOf(victim)))!, /^c:/, 'else this would prove nothing')
      await sql`alter table security_sessions rename to gone_sessions`.execute(db)
      try {
        await wait(1_200) // now neither process has tailed in time
        for (const host of fleet.hosts) {
          assert.equal((await ask(host, '/race/guarded', { cookie: victim.cookie })).status, 503)
          assert.equal((await ask(host, '/race/guarded', { cookie: alive.cookie })).status, 200)
        }
      } finally {
        await sql`alter table gone_sessions rename to security_sessions`.execute(db)
      }
      for (const host of fleet.hosts) assert.equal((await look(host, victim.cookie)).isIn, false)
    })
  })
})
