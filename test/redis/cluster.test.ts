import assert from 'node:assert/strict'
import type { Cluster } from 'ioredis'
import { slotOf } from '../../src/stores/redis/slots.js'
import { ask, look, signIn, type Session } from '../race/client.js'
import { until } from '../support/clock.js'
import { commandsIn, roundTrips, startProxy, type Proxy } from '../support/proxy.js'
import { meet, startCluster, startClusterNode, type ClusterNode, type RedisCluster } from '../support/redis-cluster.js'
import {
  ADA,
  assertIn,
  dataKeyOf,
  devices,
  GRACE,
  hotKeyOf,
  revoke,
  startFleetAt,
  timed,
  type FleetAt,
} from './hosts.js'
import { migrateSlot } from './resharding.js'

const CART = 'seven crates of oranges'

describe('A Cluster', function () {
  this.timeout(60_000)
  let cluster: RedisCluster
  let proxies: Proxy[]
  let fleet: FleetAt<Cluster>
  let delayMs = 0

  /** The processes reach each node through a proxy, as in a network that gives the nodes other addresses. */
  before(async () => {
    cluster = await startCluster({ replicas: false })
    const ports = cluster.nodes.map(({ server }) => server.port)
    proxies = await Promise.all(ports.map((port) => startProxy(port, { delayMs: () => delayMs })))
    const outside = proxies.map(({ url }) => ({ host: '127.0.0.1', port: Number(new URL(url).port) }))
    const natMap = Object.fromEntries(ports.map((port, i) => [`127.0.0.1:${port}`, outside[i]!]))
    fleet = (await startFleetAt({ cluster: outside, natMap }, cluster.place)) as FleetAt<Cluster>
  })
  after(async () => {
    await fleet?.close()
    await Promise.all(proxies?.map((each) => each.close()) ?? [])
    await cluster?.close()
  })

  const copyOf = async (session: Session) => (await fleet.raw.get(hotKeyOf(session))) ?? ''
  const stampOf = async (session: Session) => /^c:([^:]+):/.exec(await copyOf(session))?.[1]
  const ownerOf = (session: Session) => Math.floor(slotOf(hotKeyOf(session)) / Math.ceil(16_384 / 3))
  const noteOf = async (session: Session, host = fleet.a) =>
    (await ask(host, '/race/open', { cookie: session.cookie })).body.early

  /** Signs in until there is a session on each of the nodes. */
  async function oneOnEach(): Promise<Session[]> {
    const found: Session[] = []
    while (found.filter(Boolean).length < 3) {
      const session = await signIn(fleet.a, GRACE)
      found[ownerOf(session)] ??= session
    }
    return found
  }

  it('a slot is what the nodes say it is', async () => {
    const keys = [
      '',
      'a',
      'sallyport:{abc}:hot',
      'foo{}{bar}',
      'foo{{bar}}zap',
      '{user1000}.following',
      'Grüße',
      '{ß}x',
    ]
    for (const key of keys) assert.equal(slotOf(key), await cluster.nodes[0]!.client.cluster('KEYSLOT', key), key)
  })

  it('both questions of a request go to one node in one round trip, and no other node hears of it', async () => {
    const sessions = await oneOnEach()
    await assertIn(fleet.hosts, sessions, true) // from now on the copies are there
    delayMs = 50
    try {
      for (const [owner, session] of sessions.entries()) {
        const marks = proxies.map(({ seen }) => seen.length)
        const { value, ms } = await timed(() => ask(fleet.a, '/race/guarded', { cookie: session.cookie }))
        assert.equal(value.status, 200)
        assert.ok(ms >= 45, `${ms} ms: the proxy was not asked`)
        for (const [i, proxy] of proxies.entries()) {
          const seen = proxy.seen.slice(marks[i])
          const mine = (text: string) => text.includes(hotKeyOf(session).slice(0, -4))
          const asked = commandsIn(seen).filter((command) => mine(command[1] ?? ''))
          const wanted = [hotKeyOf(session), dataKeyOf(session)].map((key) => ['get', key])
          assert.deepEqual(
            asked.toSorted((x, y) => y[1]!.localeCompare(x[1]!)),
            i === owner ? wanted : [],
          )
          assert.equal(roundTrips(seen, mine), i === owner ? 1 : 0)
        }
      }
    } finally {
      delayMs = 0
    }
  })

  it('a copy bears the name of its node, and counts under no other, not even of the same Cluster', async () => {
    const sessions = await oneOnEach()
    await assertIn(fleet.hosts, sessions, true)
    const stamps = await Promise.all(sessions.map(stampOf))
    assert.equal(new Set(stamps).size, 3)
    const [session, key] = [sessions[0]!, hotKeyOf(sessions[0]!)]
    const forged = (await copyOf(session)).replace(`"userId":"${GRACE}"`, '"userId":"lane9"')
    const userOf = async () => (await ask(fleet.a, '/race/open', { cookie: session.cookie })).body.user
    await fleet.raw.set(key, forged)
    assert.equal(await userOf(), 'lane9', 'it is the copy that answers')
    await fleet.raw.set(key, forged.replace(stamps[0]!, stamps[1]!))
    assert.equal(await userOf(), GRACE)
  })

  it('a slot has just moved: acknowledgements are slow, and soon fast again', async () => {
    const [alive, first, second] = (await devices(fleet.a, ADA, 3)) as [Session, Session, Session]
    await assertIn(fleet.hosts, [alive, first, second], true)
    const fast = await timed(() => revoke(fleet.b, alive, first))
    assert.ok(fast.ms < 1_000, `${fast.ms} ms`)
    const other = cluster.nodes[(ownerOf(alive) + 1) % 3]!
    await migrateSlot(slotOf(hotKeyOf(alive)), cluster.nodes, other, () => Promise.resolve())
    await until('the map', async () => (await look(fleet.b, alive.cookie)).isIn)
    const slow = await timed(() => revoke(fleet.b, alive, second))
    assert.ok(slow.ms >= 1_000, `acknowledged in ${slow.ms} ms, though a slot has a new owner`)
    await migrateSlot(slotOf(hotKeyOf(alive)), cluster.nodes, cluster.nodes[ownerOf(alive)]!, () => Promise.resolve())
  })

  it('a slot is moved to a node that had none: nobody is signed out, and who is revoked meanwhile stays out', async () => {
    const [alive, early, midway, late] = (await devices(fleet.a, ADA, 4)) as [Session, Session, Session, Session]
    const all = [alive, early, midway, late]
    await ask(fleet.a, '/race/note', { cookie: alive.cookie, body: { note: CART } })
    await assertIn(fleet.hosts, all, true)
    assert.equal(await revoke(fleet.b, alive, early), 200)
    const newcomer = await startClusterNode()
    try {
      await meet(cluster.nodes[0]!, newcomer)
      const nodes = [...cluster.nodes, newcomer]
      for (const { client } of nodes) {
        const isIn = async () => /cluster_state:ok[^]*known_nodes:4/.test(await client.cluster('INFO'))
        await until('everybody knows it', isIn, 10_000)
      }
      for (const session of all)
        await migrateSlot(slotOf(hotKeyOf(session)), nodes, newcomer, async () => {
          // its keys are there, and the nodes still name the old owner
          await assertIn(fleet.hosts, [alive], true)
          if (session === alive) await until('the cart', async () => (await noteOf(alive)) === CART)
          if (session === midway) assert.equal(await revoke(fleet.b, alive, midway), 200)
          await assertIn(fleet.hosts, [early, ...(session === midway ? [midway] : [])], false)
        })
      await backOn(newcomer, alive)
      assert.equal(await noteOf(alive), CART)
      assert.equal(await revoke(fleet.b, alive, late), 200)
      await assertIn(fleet.hosts, [early, midway, late], false)
      await assertIn(fleet.hosts, [alive], true)
    } finally {
      // the others go on without it: its slots are theirs again
      for (const { client } of cluster.nodes) await client.cluster('FORGET', newcomer.id).catch(() => {})
      newcomer.client.disconnect()
      await newcomer.server.close()
      for (const session of all) await adopt(slotOf(hotKeyOf(session)))
    }
  })

  it('while a slot is on its way, what the host has stored is neither hidden nor lost', async () => {
    const device = await signIn(fleet.a, ADA)
    await ask(fleet.a, '/race/note', { cookie: device.cookie, body: { note: CART } })
    const [source, target] = [ownerOf(device), (ownerOf(device) + 1) % 3]
    await migrateSlot(slotOf(hotKeyOf(device)), cluster.nodes, cluster.nodes[target]!, async () => {
      for (const host of fleet.hosts) assert.equal(await noteOf(device, host), CART)
      await ask(fleet.b, '/race/note', { cookie: device.cookie, body: { note: 'eight crates' } })
      for (const host of fleet.hosts) assert.equal(await noteOf(device, host), 'eight crates')
    })
    for (const host of fleet.hosts) assert.equal(await noteOf(device, host), 'eight crates')
    await migrateSlot(slotOf(hotKeyOf(device)), cluster.nodes, cluster.nodes[source]!, () => Promise.resolve())
  })

  /** A copy of this session stands at this node, under its own name. */
  async function backOn(node: ClusterNode, session: Session): Promise<void> {
    const isThere = async () => {
      await look(fleet.a, session.cookie)
      return ((await node.client.get(hotKeyOf(session))) ?? '').startsWith('c:')
    }
    await until('a copy at the new owner', isThere, 5_000)
  }

  /** Gives a slot that nobody has to the node that had it at first. */
  async function adopt(slot: number): Promise<void> {
    const owner = cluster.nodes[Math.floor(slot / Math.ceil(16_384 / 3))]!
    for (const { client } of cluster.nodes) await client.cluster('SETSLOT', slot, 'NODE', owner.id)
  }
})
