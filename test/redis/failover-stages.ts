import assert from 'node:assert/strict'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { until } from '../support/clock.js'
import { startCluster } from '../support/redis-cluster.js'
import type { RedisPlace } from '../support/redis-place.js'
import { startSentinels } from '../support/redis-sentinels.js'
import { startRedis, type RedisServer } from '../support/services.js'

/** A Redis that is about to lose what it was told last. */
export interface Stage {
  place: RedisPlace
  /** From now on, what is written does not reach the node that will serve next. */
  lag(): Promise<void>
  /** The serving node dies. Resolves when the next one serves; `look` sees it before anybody else can have written there. */
  fail(look: (successor: Redis) => Promise<void>): Promise<Redis>
  close(): Promise<void>
}

const SERVES_WITHIN_MS = 40_000

/** Redis is killed, and starts on a dump that is older than the revocations. */
export async function restartStage(): Promise<Stage> {
  const server = await startRedis()
  const client = quietClient(server)
  const dump = join(server.folder, 'dump.rdb')
  return {
    place: server.url,
    lag: async () => {
      await client.save()
      await copyFile(dump, `${dump}.old`)
    },
    fail: async (look) => {
      await server.stop('SIGKILL')
      await copyFile(`${dump}.old`, dump)
      await server.start()
      await look(client)
      return client
    },
    close: async () => {
      client.disconnect()
      await server.close()
    },
  }
}

/** The master is killed while its replica hangs; the sentinels promote that one. */
export async function promotionStage(): Promise<Stage> {
  const { master, replica, place, close } = await startSentinels()
  const clients = [quietClient(master), quietClient(replica)] as const
  const sentinels = place.sentinels.map(({ port }) => new Redis(port))
  const { lag, fail } = succession(clients, master, replica)
  return {
    place,
    lag,
    fail: async (look) => {
      const successor = await fail(look)
      await until('its name', () => isNamed(replica, sentinels), SERVES_WITHIN_MS)
      return successor
    },
    close: () => closeAll([...clients, ...sentinels], close),
  }
}

/** One of three masters is killed while its replica hangs; the Cluster promotes that one. */
export async function clusterStage(): Promise<Stage> {
  const { nodes, place, close } = await startCluster()
  const [master, replica] = [nodes[0]!, nodes[3]!]
  const clients = [master.client, replica.client] as const
  return { place, ...succession(clients, master.server, replica.server), close }
}

function succession(
  [master, replica]: readonly [Redis, Redis],
  masterServer: RedisServer,
  replicaServer: RedisServer,
): Pick<Stage, 'lag' | 'fail'> {
  return {
    lag: async () => {
      await until('the replica has all', async () => (await offset(master)) - (await offset(replica)) < 100, 5_000)
      replicaServer.pause()
      await master.call('CLIENT', 'KILL', 'TYPE', 'replica') // else it would read on resuming what its socket holds
    },
    fail: async (look) => {
      await masterServer.stop('SIGKILL')
      replicaServer.resume()
      assert.match(await replica.info('replication'), /role:slave/, 'it serves already')
      await look(replica)
      const serves = async () => (await replica.info('replication')).includes('role:master')
      await until('the replica serves', serves, SERVES_WITHIN_MS)
      return replica
    },
  }
}

/** One of the sentinels sends clients to this server. */
async function isNamed({ port }: RedisServer, sentinels: readonly Redis[]): Promise<boolean> {
  const named = await Promise.all(sentinels.map((each) => each.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')))
  return named.some((address) => Number((address as string[])[1]) === port)
}

/** How far a node has come in the stream that masters send to replicas. */
async function offset(client: Redis): Promise<number> {
  const info = await client.info('replication')
  return Number(/^(?:slave_repl_offset|master_repl_offset):(\d+)/m.exec(info)?.[1])
}

function quietClient(server: RedisServer): Redis {
  const client = new Redis(server.url, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  client.on('error', () => {}) // its server is taken away
  return client
}

async function closeAll(clients: readonly Redis[], close: () => Promise<void>): Promise<void> {
  for (const client of clients) client.disconnect()
  await close()
}
