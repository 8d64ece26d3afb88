import { Redis } from 'ioredis'
import { until } from './clock.js'
import type { RedisPlace } from './redis-place.js'
import { freePort, startRedis, type RedisServer } from './services.js'

const SLOTS = 16_384
const CLUSTERED = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']
/** A replica may be promoted whatever it has missed, and begins to follow at once. */
const QUICK = ['--cluster-replica-validity-factor', '0', '--repl-diskless-sync-delay', '0']

/** A node of a Cluster, and a connection to it. */
export interface ClusterNode {
  server: RedisServer
  client: Redis
  busPort: number
  /** The name that the nodes know it by. */
  id: string
}

export interface RedisCluster {
  /** The first three are masters, the others their replicas in the same order. */
  nodes: ClusterNode[]
  place: RedisPlace
  close: () => Promise<void>
}

/** Three masters, each with a replica unless told otherwise, on the loopback interface. */
export async function startCluster({ replicas = true } = {}): Promise<RedisCluster> {
  const nodes: ClusterNode[] = []
  const close = async () => {
    for (const { client } of nodes) client.disconnect()
    await Promise.all(nodes.map(({ server }) => server.close()))
  }
  try {
    for (let i = 0; i < (replicas ? 6 : 3); i += 1) nodes.push(await startClusterNode())
    await join(nodes)
  } catch (error) {
    await close()
    throw error
  }
  return { nodes, place: { cluster: nodes.map(({ server }) => ({ host: '127.0.0.1', port: server.port })) }, close }
}

/** A node that belongs to no Cluster yet. */
export async function startClusterNode(): Promise<ClusterNode> {
  const busPort = await freePort() // the usual one, port + 10000, may be taken or too high
  const server = await startRedis(...CLUSTERED, '--cluster-port', String(busPort), ...QUICK)
  const client = new Redis(server.url, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  client.on('error', () => {}) // tests take nodes away
  return { server, client, busPort, id: await client.cluster('MYID') }
}

async function join(nodes: readonly ClusterNode[]): Promise<void> {
  const masters = nodes.slice(0, 3)
  const share = Math.ceil(SLOTS / 3)
  for (const [i, { client }] of masters.entries()) {
    await client.cluster('SET-CONFIG-EPOCH', i + 1)
    await client.cluster('ADDSLOTSRANGE', i * share, Math.min((i + 1) * share, SLOTS) - 1)
  }
  for (const node of nodes.slice(1)) await meet(nodes[0]!, node)
  for (const { client } of nodes)
    await until('the nodes know one another', async () => (await knownTo(client)) === nodes.length, 20_000)
  for (const [i, { client }] of nodes.slice(3).entries()) await client.cluster('REPLICATE', masters[i]!.id)
  for (const { client } of nodes)
    await until('the Cluster is whole', async () => (await client.cluster('INFO')).includes('cluster_state:ok'), 20_000)
  for (const { client } of nodes.slice(3))
    await until('the replica', async () => (await client.info()).includes('master_link_status:up'), 20_000)
}

export async function meet(one: ClusterNode, other: ClusterNode): Promise<void> {
  await one.client.call('CLUSTER', 'MEET', '127.0.0.1', other.server.port, other.busPort)
}

/** How many nodes it knows and has shaken hands with. */
export async function knownTo(client: Redis): Promise<number> {
  const lines = String(await client.cluster('NODES')).split('\n')
  return lines.filter((line) => line !== '' && !line.includes('handshake')).length
}
