import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { ask, look, signIn, type Session } from '../race/client.js'
import type { HostProcess } from '../support/process.js'
import { until } from '../support/clock.js'
import { ADA, devices, hotKeyOf, revoke, startFleet, timed, type Fleet } from './hosts.js'

const CART = 'seven crates of oranges'

describe('Redis is gone, and comes back', function () {
  this.timeout(30_000)
  let fleet: Fleet
  let alive: Session
  let victim: Session

  before(async () => void (fleet = await startFleet()))
  after(() => fleet?.close())
  beforeEach(async () => {
    ;[alive, victim] = (await devices(fleet.a, ADA, 2)) as [Session, Session]
    await ask(fleet.a, '/race/note', { cookie: alive.cookie, body: { note: CART } })
    // whatever the test before has done: both processes speak to Redis, and copies stand there
    await until(
      'copies of both',
      async () => {
        for (const host of fleet.hosts) for (const { cookie } of [alive, victim]) await look(host, cookie)
        const copies = await fleet.raw.mget(hotKeyOf(alive), hotKeyOf(victim))
        return copies.every((each) => each?.startsWith('c:')) && (await open(fleet.a, alive)).early === CART
      },
      8_000,
    )
  })

  const open = async (host: HostProcess, { cookie }: Session) => (await ask(host, '/race/open', { cookie })).body

  /** What a request answers, and that it took less than a second. */
  async function soon(host: HostProcess, path: string, cookie: string | null, status: number): Promise<void> {
    const { value, ms } = await timed(() => ask(host, path, { cookie }))
    assert.equal(value.status, status, path)
    assert.ok(ms < 1_000, `${path} took ${ms} ms`)
  }

  it('paused: connected, and answering nothing; every request is answered within a second', async () => {
    fleet.server.pause()
    try {
      for (const host of fleet.hosts) {
        await soon(host, '/race/guarded', alive.cookie, 200)
        await soon(host, '/race/open', alive.cookie, 200)
        await soon(host, '/race/guarded', null, 401)
        await soon(host, '/security/sign-in', null, 200)
      }
    } finally {
      fleet.server.resume()
    }
  })

  it('paused: the first request of all is one of our own pages, which counts requests; it waits for Redis once', async () => {
    fleet.server.pause()
    try {
      for (const host of fleet.hosts) await soon(host, '/security/sessions', alive.cookie, 200)
    } finally {
      fleet.server.resume()
    }
  })

  it('paused: the first request of a session that is dead is answered within a second too', async () => {
    assert.equal(await revoke(fleet.b, alive, victim), 200)
    fleet.server.pause()
    try {
      await soon(fleet.a, '/race/guarded', victim.cookie, 401)
    } finally {
      fleet.server.resume()
    }
  })

  it('paused: a sign-in, a sign-out and a revocation are done, if slowly, and hold', async () => {
    fleet.server.pause()
    try {
      const device = await signIn(fleet.a, ADA)
      assert.equal((await look(fleet.b, device.cookie)).isIn, true)
      const { value, ms } = await timed(() => revoke(fleet.b, device, victim))
      assert.equal(value, 200)
      assert.ok(ms >= 1_000, `acknowledged in ${ms} ms, though nobody has confirmed a tombstone`)
      const { cookie, csrfToken } = device
      assert.equal((await ask(fleet.a, '/security/sign-out', { cookie, body: { csrfToken } })).status, 200)
      for (const host of fleet.hosts)
        for (const dead of [victim, device]) assert.equal((await look(host, dead.cookie)).isIn, false)
    } finally {
      fleet.server.resume()
    }
    await wait(1_500)
    for (const host of fleet.hosts) assert.equal((await look(host, victim.cookie)).isIn, false)
    assert.equal((await open(fleet.a, alive)).early, CART)
  })

  it('paused and back: the very first request that asks Redis again finds its data', async () => {
    fleet.server.pause()
    for (let i = 0; i < 3; i += 1) assert.equal((await open(fleet.a, alive)).early, null)
    fleet.server.resume()
    await wait(600) // the breaker lets somebody find out, and that is this request, with both its questions
    assert.equal((await open(fleet.a, alive)).early, CART)
  })

  it('killed: SQL serves at once, nobody is signed out, a revocation holds, the data is not written over', async () => {
    await fleet.raw.save() // it is killed, and this is what it will find when it starts
    await fleet.server.stop('SIGKILL')
    for (const host of fleet.hosts) {
      await soon(host, '/race/guarded', alive.cookie, 200)
      await soon(host, '/race/guarded', victim.cookie, 200)
      await soon(host, '/race/open', alive.cookie, 200)
      await soon(host, '/security/sign-in', null, 200)
    }
    assert.equal((await open(fleet.a, alive)).early, null)
    // a handler that finds no cart, writes something else, and is so slow that Redis is there again when it saves
    const slow = ask(fleet.b, '/race/late-save', { cookie: alive.cookie, hold: 'slow handler', body: { note: 'late' } })
    await fleet.b.reached('slow handler')

    const { value, ms } = await timed(() => revoke(fleet.b, alive, victim))
    assert.equal(value, 200)
    assert.ok(ms >= 1_000, `acknowledged in ${ms} ms, though no tombstone stands`)
    for (const host of fleet.hosts) await soon(host, '/race/guarded', victim.cookie, 401)

    await fleet.server.start()
    const back = await timed(async () => {
      while ((await open(fleet.a, alive)).early !== CART || (await open(fleet.b, alive)).early !== CART) await wait(20)
    })
    assert.ok(back.ms < 2_000, `the cart was back after ${back.ms} ms`)
    fleet.b.open('slow handler')
    assert.equal((await slow).status, 200)
    assert.deepEqual((await look(fleet.a, alive.cookie)).notes, [null, CART], 'what was not loaded is not saved over')
    for (const host of fleet.hosts) {
      assert.equal((await look(host, alive.cookie)).isIn, true)
      assert.equal((await look(host, victim.cookie)).isIn, false)
    }
    // what follows is fast again
    await ask(fleet.b, '/race/note', { cookie: alive.cookie, body: { note: 'eight crates' } })
    assert.equal((await open(fleet.a, alive)).early, 'eight crates')
  })

  it('back: within two seconds copies are filled and believed again', async () => {
    await fleet.server.stop('SIGKILL')
    await look(fleet.a, alive.cookie)
    await wait(1_500)
    await fleet.server.start()
    const { ms } = await timed(async () => {
      while (!(await fleet.raw.get(hotKeyOf(alive)))?.startsWith('c:')) {
        await look(fleet.a, alive.cookie)
        await wait(20)
      }
    })
    assert.ok(ms < 2_000, `the first copy stood there after ${ms} ms`)
  })
})
