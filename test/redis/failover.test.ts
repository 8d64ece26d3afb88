import assert from 'node:assert/strict'
import { look, type Session } from '../race/client.js'
import { until } from '../support/clock.js'
import { startCluster, type ClusterNode, type RedisCluster } from '../support/redis-cluster.js'
import { FAILOVERS, failover } from './failovers.js'
import { ADA, assertIn, devices, revoke, startFleetAt, type FleetAt } from './hosts.js'
import { endsWithin, openStream } from './streams.js'

/** The short form; `npm run endurance` has 2,000 revocations each. */
const REVOCATIONS = 60

describe('Redis fails over under load, and what serves next has missed the revocations', function () {
  this.timeout(120_000)
  for (const name of FAILOVERS)
    it(`${name}: who was revoked stays out, nobody else is refused`, async () => {
      const rows = await failover(name, REVOCATIONS)
      // how soon it is in use again is for the long run to measure, on a machine with nothing else to do
      const promises = rows.filter(({ promise }) => !promise.includes('serves again'))
      for (const { promise, broken, figures } of promises) assert.equal(broken, 0, `${promise} (${figures})`)
      assert.equal(rows[0]!.tried, REVOCATIONS)
    })
})

describe('A Cluster loses the node at which a process listens', function () {
  this.timeout(60_000)
  let cluster: RedisCluster
  let fleet: FleetAt
  before(async () => {
    cluster = await startCluster()
    fleet = await startFleetAt(cluster.place)
  })
  after(async () => {
    await fleet?.close()
    await cluster?.close()
  })

  /** The nodes that are there, and how many processes listen at each. */
  const listening = async () =>
    Promise.all(
      cluster.nodes
        .filter((node) => !gone.has(node))
        .map(async (node) => ({ node, count: Number((await node.client.pubsub('NUMSUB', 'sallyport:ended'))[1]) })),
    )
  const bothListen = async () => (await listening()).reduce((sum, { count }) => sum + count, 0) === 2
  const gone = new Set<ClusterNode>()

  for (const how of ['dies', 'hangs'] as const)
    it(`it ${how}: the process listens at another one, and streams end at once again`, async () => {
      await until('both listen', bothListen, 2_000)
      const lost = (await listening()).find(({ count }) => count > 0)!.node
      if (how === 'dies') await lost.server.stop()
      else lost.server.pause()
      gone.add(lost)
      await until('both listen elsewhere', bothListen, 8_000)

      // as its replica is promoted, everybody's session can be revoked again
      const [alive, device, victim] = (await devices(fleet.a, ADA, 3)) as [Session, Session, Session]
      const streams = [await openStream(fleet.a, device), await openStream(fleet.b, device)]
      await until('a beat', async () => (await look(fleet.a, device.cookie)).isIn)
      const since = performance.now()
      const [other] = await listening()
      await other!.node.client.publish('sallyport:ended', JSON.stringify([device.publicId]))
      for (const stream of streams) await endsWithin(1_000, stream, since) // no tail can have read this
      assert.equal(await revoke(fleet.b, alive, victim), 200)
      await assertIn(fleet.hosts, [victim], false)
      await assertIn(fleet.hosts, [alive], true)
    })
})
