import assert from 'node:assert/strict'
import { Redis } from 'ioredis'
import { ask, look, type Session } from '../race/client.js'
import { until } from '../support/clock.js'
import { startSentinels, type Sentinels } from '../support/redis-sentinels.js'
import type { RedisServer } from '../support/services.js'
import { ADA, assertIn, devices, hotKeyOf, revoke, startFleetAt, timed, type FleetAt } from './hosts.js'
import { endsWithin, openStream } from './streams.js'

const CART = 'seven crates of oranges'
const PROMOTED_WITHIN_MS = 20_000
/** What a failover may take from the moment at which the sentinels name another master. */
const BACK_WITHIN_MS = 2_000

describe('A master that sentinels name', function () {
  this.timeout(60_000)
  let sentinels: Sentinels
  let fleet: FleetAt
  let clients: { master: Redis; replica: Redis; sentinels: Redis[] }

  beforeEach(async () => {
    sentinels = await startSentinels()
    fleet = await startFleetAt(sentinels.place)
    const connect = (port: number) => new Redis(port, '127.0.0.1', { retryStrategy: () => 50 }).on('error', () => {})
    clients = {
      master: connect(sentinels.master.port),
      replica: connect(sentinels.replica.port),
      sentinels: sentinels.place.sentinels.map(({ port }) => connect(port)),
    }
  })
  afterEach(async () => {
    for (const client of Object.values(clients ?? {}).flat()) client.disconnect()
    await fleet?.close()
    await sentinels?.close()
  })

  const noteOf = async (session: Session) => (await ask(fleet.a, '/race/open', { cookie: session.cookie })).body.early
  const named = async () =>
    Number(((await clients.sentinels[0]!.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')) as string[])[1])
  const isNamed = (server: RedisServer) =>
    until('another master', async () => (await named()) === server.port, PROMOTED_WITHIN_MS)

  const stampOf = async (client: Redis, session: Session) =>
    /^c:([^:]+):/.exec((await client.get(hotKeyOf(session))) ?? '')?.[1] ?? null

  /** The processes use this node: a copy stands there that no other has stamped. */
  async function isUsed(client: Redis, session: Session, old: string | null): Promise<void> {
    const isFilled = async () => {
      for (const host of fleet.hosts) await look(host, session.cookie)
      const stamp = await stampOf(client, session)
      return stamp !== null && stamp !== old
    }
    const { ms } = await timed(() => until('a copy on the new master', isFilled, 10_000))
    assert.ok(ms < BACK_WITHIN_MS, `in use after ${ms} ms`)
  }

  it('they make the replica the master: nobody is signed out, the data is there, revocations hold, streams end at once', async () => {
    const [alive, early, late] = (await devices(fleet.a, ADA, 3)) as [Session, Session, Session]
    await ask(fleet.a, '/race/note', { cookie: alive.cookie, body: { note: CART } })
    await assertIn(fleet.hosts, [alive, early, late], true)
    assert.equal(await revoke(fleet.b, alive, early), 200)
    const old = await stampOf(clients.master, alive)
    // what the replica has not got is lost to everybody; WAIT is about the writes of its own connection
    await clients.master.set('written', 'last')
    assert.equal(await clients.master.wait(1, 5_000), 1)
    await clients.sentinels[0]!.call('SENTINEL', 'FAILOVER', 'main')
    await isNamed(sentinels.replica)
    await isUsed(clients.replica, alive, old)
    assert.equal(await noteOf(alive), CART)
    const { value, ms } = await timed(() => revoke(fleet.b, alive, late))
    assert.equal(value, 200)
    assert.ok(ms >= 1_000, `acknowledged in ${ms} ms by a node met just now`)
    await assertIn(fleet.hosts, [early, late], false)
    await assertIn(fleet.hosts, [alive], true)

    const listeners = async () => Number((await clients.replica.pubsub('NUMSUB', 'sallyport:ended'))[1])
    await until('both listen there', async () => (await listeners()) === 2)
    const stream = await openStream(fleet.a, alive)
    const since = performance.now()
    await clients.replica.publish('sallyport:ended', JSON.stringify([alive.publicId])) // no tail can have read this
    await endsWithin(1_000, stream, since)
  })

  it('the master hangs, with every connection open: the processes leave it for the new one, and never go back', async () => {
    const [alive, early, late] = (await devices(fleet.a, ADA, 3)) as [Session, Session, Session]
    await assertIn(fleet.hosts, [alive, early, late], true)
    assert.equal(await revoke(fleet.b, alive, early), 200)
    const old = await stampOf(clients.master, alive)
    sentinels.master.pause()
    for (const host of fleet.hosts) {
      const { value, ms } = await timed(() => ask(host, '/race/guarded', { cookie: alive.cookie }))
      assert.equal(value.status, 200)
      assert.ok(ms < 1_000, `${ms} ms`)
    }
    await isNamed(sentinels.replica)
    await isUsed(clients.replica, alive, old)
    assert.equal(await revoke(fleet.b, alive, late), 200)
    sentinels.master.resume() // it has missed all this, and believes for a moment that it is the master
    for (let i = 0; i < 20; i += 1) await assertIn(fleet.hosts, [early, late], false)
    const isDemoted = async () => (await clients.master.info('replication')).includes('role:slave')
    await until('the old master follows the new one', isDemoted, PROMOTED_WITHIN_MS)
    await assertIn(fleet.hosts, [alive], true)
    await assertIn(fleet.hosts, [early, late], false)
  })

  it('the master is made a replica under a live connection: they ask the sentinels where the new one is', async () => {
    const [alive, revoked] = (await devices(fleet.a, ADA, 2)) as [Session, Session]
    await assertIn(fleet.hosts, [alive, revoked], true)
    const old = await stampOf(clients.master, alive)
    // nobody is told, and nobody is cut off
    await clients.replica.replicaof('NO', 'ONE')
    for (const each of clients.sentinels) {
      await each.call('SENTINEL', 'REMOVE', 'main')
      await each.call('SENTINEL', 'MONITOR', 'main', '127.0.0.1', sentinels.replica.port, 2)
    }
    await clients.master.replicaof('127.0.0.1', sentinels.replica.port)
    await isUsed(clients.replica, alive, old)
    assert.equal(await revoke(fleet.b, alive, revoked), 200)
    await assertIn(fleet.hosts, [revoked], false)
    await assertIn(fleet.hosts, [alive], true)
  })
})
