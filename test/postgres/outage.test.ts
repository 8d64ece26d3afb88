import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { ask, look, signIn, type Session } from '../race/client.js'
import { ADA, GRACE, revoke, timed } from '../redis/hosts.js'
import { until } from '../support/clock.js'
import type { HostProcess } from '../support/process.js'
import { backAfter, memoryOf, soon, startFleet, type Fleet } from './fleet.js'
import { startForwarder, type Forwarder } from './forwarder.js'

/** How the server goes away, and how it comes back. */
const OUTAGES: [string, (fleet: Fleet) => Promise<void> | void, (fleet: Fleet) => Promise<void> | void][] = [
  ['paused', ({ server }) => server.pause(), ({ server }) => server.resume()],
  ['stopped', ({ server }) => server.stop(), ({ server }) => server.start()],
]
const CART = 'seven crates of oranges'
/** What may be told to `onError` meanwhile; of Redis also what its connection says. */
const EXPECTED =
  /^(StoreUnavailable: (sql|redis) is unavailable|SecurityError: unavailable|Error: (connect|read) ECONN)/
/** Seconds of an outage under load; more where time is no matter (`npm run endurance`). */
const LONG = process.env.ROUNDS ? 60 : 3

function assertErrors(fleet: Fleet): void {
  const odd = fleet.hosts.flatMap((host) => host.errors.splice(0)).filter((error) => !EXPECTED.test(error))
  assert.deepEqual(odd, [])
}

describe('PostgreSQL is gone, and comes back, and there is no Redis', function () {
  this.timeout(40_000 + LONG * 1_000)
  let fleet: Fleet
  let alive: Session
  before(async () => void (fleet = await startFleet()))
  after(() => fleet?.close())
  beforeEach(async () => {
    alive = await signIn(fleet.hosts[0], ADA)
    await ask(fleet.hosts[0], '/race/note', { cookie: alive.cookie, body: { note: CART } })
  })
  afterEach(() => assertErrors(fleet))

  for (const [name, goes, comes] of OUTAGES)
    it(`${name}: nobody is let in or signed out, public routes go on, all within a second; back within two`, async () => {
      for (const host of fleet.hosts) assert.ok((await look(host, alive.cookie)).isIn)
      await goes(fleet)
      for (let round = 0; round < 3; round += 1) {
        for (const host of fleet.hosts) {
          const at = Array.from({ length: 15 }, () => soon(host, '/race/guarded', alive.cookie, 503))
          const { body } = await soon(host, '/race/open', alive.cookie, 200)
          assert.deepEqual([body.user, body.early], [null, null])
          await soon(host, '/race/guarded', null, 401)
          await soon(host, '/security/sign-in', null, 200)
          const { body: refused } = (await Promise.all(at))[0]!
          assert.equal(refused.code, 'unavailable')
        }
        const { csrfToken, cookie } = alive
        await soon(fleet.hosts[0], '/security/sign-out', cookie, 503, { csrfToken })
      }
      const { ms: atOnce } = await timed(async () => {
        for (let i = 0; i < 20; i += 1) await soon(fleet.hosts[0], '/race/guarded', alive.cookie, 503)
      })
      assert.ok(atOnce < 2_000, `20 refusals took ${atOnce} ms: each has tried anew`)
      await comes(fleet)
      for (const host of fleet.hosts) {
        const ms = await backAfter(host, alive.cookie)
        assert.ok(ms < 2_000, `back after ${ms} ms`)
      }
      for (const host of fleet.hosts) assert.deepEqual((await look(host, alive.cookie)).notes, [null, CART])
      const late = await signIn(fleet.hosts[1], ADA)
      assert.equal(await revoke(fleet.hosts[1], late, alive), 200)
      for (const host of fleet.hosts) assert.equal((await look(host, alive.cookie)).isIn, false)
    })

  it('it comes back as a replica: that lags, so nobody is let in; then as a primary', async () => {
    await fleet.server.stop('SIGINT')
    await fleet.server.becomeReplica(true)
    await fleet.server.start()
    try {
      const [host] = fleet.hosts
      for (let i = 0; i < 10; i += 1, await wait(100)) await soon(host, '/race/guarded', alive.cookie, 503)
    } finally {
      await fleet.server.stop('SIGINT')
      await fleet.server.becomeReplica(false)
      await fleet.server.start()
    }
    for (const host of fleet.hosts) assert.ok((await backAfter(host, alive.cookie)) < 2_000)
    await until('the replica was told of', () => fleet.hosts[0].errors.some((each) => /is a replica/.test(each)))
  })

  it('a long outage under load leaves nothing behind: memory is flat', async () => {
    const [host] = fleet.hosts
    const load = async (ms: number) => {
      const end = performance.now() + ms
      const one = async () => {
        while (performance.now() < end) await ask(host, '/race/guarded', { cookie: alive.cookie })
      }
      await Promise.all(Array.from({ length: 8 }, one))
    }
    await load(1_500)
    fleet.server.pause()
    try {
      await load(1_500)
      const before = memoryOf(host)
      await load(LONG * 1_000)
      const grown = memoryOf(host) - before
      // V8 takes tens of megabytes and gives them back as it likes; in a minute of this a kilobyte per request shows
      assert.ok(grown < 100, `${grown.toFixed(1)} MB more`)
    } finally {
      fleet.server.resume()
    }
    assert.ok((await backAfter(host, alive.cookie)) < 2_000)
  })
})

describe('PostgreSQL loses its power, and another server takes its address', function () {
  this.timeout(20_000)
  let fleet: Fleet
  let forwarder: Forwarder
  before(async () => {
    const through = async ({ port }: { port: number }) => (forwarder = await startForwarder(port)).port
    fleet = await startFleet({ through })
  })
  after(async () => {
    await forwarder?.close()
    await fleet?.close()
  })

  it('what is connected never hears of it, and is not waited for one by one', async () => {
    const [host] = fleet.hosts
    const { cookie } = await signIn(host, ADA)
    // as many connections as there may be
    await Promise.all(Array.from({ length: 60 }, () => ask(host, '/race/guarded', { cookie })))
    const orphans = forwarder.orphan()
    assert.ok(orphans >= 10, `${orphans} connections`)
    await Promise.all(Array.from({ length: 2 }, () => ask(host, '/race/guarded', { cookie })))
    const ms = await backAfter(host, cookie)
    assert.ok(ms < 2_000, `back after ${ms} ms`)
    for (let i = 0; i < 20; i += 1) await soon(host, '/race/guarded', cookie, 200)
  })
})

describe('PostgreSQL is gone, and comes back, and Redis is there', function () {
  this.timeout(40_000)
  let fleet: Fleet
  let alive: Session
  let victim: Session
  before(async () => void (fleet = await startFleet({ withRedis: true })))
  after(() => fleet?.close())
  beforeEach(async () => {
    for (const host of fleet.hosts) assert.deepEqual(host.errors, [])
    ;[alive, victim] = [await signIn(fleet.hosts[0], ADA), await signIn(fleet.hosts[0], ADA)]
    for (const host of fleet.hosts)
      for (const { cookie } of [alive, victim])
        for (let i = 0; i < 2; i += 1) assert.ok((await look(host, cookie)).isIn)
  })
  afterEach(() => assertErrors(fleet))

  for (const [name, goes, comes] of OUTAGES)
    it(`${name}: checks go on, changes are answered 503 within a second and have not happened (invariant 9)`, async () => {
      await goes(fleet)
      const { cookie, csrfToken } = alive
      for (let round = 0; round < 5; round += 1) {
        for (const host of fleet.hosts) await soon(host, '/race/guarded', cookie, 200)
        await soon(fleet.hosts[1], `/security/sessions/${victim.publicId}/revoke`, cookie, 503, { csrfToken })
        await soon(fleet.hosts[1], '/security/sessions/revoke-others', cookie, 503, { csrfToken })
        await soon(fleet.hosts[0], '/security/sign-out', cookie, 503, { csrfToken })
        await wait(300)
      }
      await comes(fleet)
      const began = performance.now()
      const signsIn = async (host: HostProcess) => {
        const { status } = await ask(host, '/race/sign-in', { body: { user: GRACE } })
        assert.ok([200, 503].includes(status), `${status}`)
        return status === 200
      }
      await Promise.all(fleet.hosts.map((host) => until('changes are taken again', () => signsIn(host))))
      assert.ok(performance.now() - began < 2_000)
      assert.equal(await revoke(fleet.hosts[1], alive, victim), 200)
      for (const host of fleet.hosts) {
        assert.ok((await look(host, cookie)).isIn)
        assert.equal((await look(host, victim.cookie)).isIn, false)
      }
    })

  it('and then Redis goes too: nobody is let in, nobody is signed out', async () => {
    const { cookie } = alive
    fleet.server.pause()
    fleet.redis!.pause()
    try {
      for (let round = 0; round < 4; round += 1)
        for (const host of fleet.hosts) {
          await soon(host, '/race/guarded', cookie, 503)
          await soon(host, '/race/open', cookie, 200)
          await soon(host, '/security/sign-in', null, 200)
        }
      await fleet.redis!.stop()
      for (let round = 0; round < 4; round += 1)
        for (const host of fleet.hosts) await soon(host, '/race/guarded', cookie, 503)
    } finally {
      fleet.redis!.resume()
      fleet.server.resume()
    }
    for (const host of fleet.hosts) assert.ok((await backAfter(host, cookie)) < 2_000)
  })
})
