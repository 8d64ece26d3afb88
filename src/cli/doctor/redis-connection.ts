import { Redis, type Cluster, type ClusterNode, type ClusterOptions, type RedisOptions } from 'ioredis'
import type { Clock } from '../../core/clock.js'
import { isLoopback } from '../network.js'

const LIMIT_MS = 3_000

const OPTIONS = {
  lazyConnect: true,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  connectTimeout: LIMIT_MS,
  commandTimeout: LIMIT_MS,
} satisfies RedisOptions

/** What the option `redis` may be. */
export type RedisOption = string | Redis | Cluster

/** A node of Redis that was reached, and what its INFO said. */
export interface OpenedRedis {
  client: Redis
  info: ReadonlyMap<string, string>
  clock: Clock
  /** Where it is: `127.0.0.1:6379`. */
  shown: string
  /** True when nobody but this machine hears what is said to it. */
  local: boolean
  /** True when the app will ask this node for every key, though it is one of a Cluster. */
  askedAlone: boolean
}

/** The nodes to ask first: the address or client itself, or the start nodes of a Cluster. None has connected yet. */
export function clientsOf(option: RedisOption): Redis[] {
  if (typeof option === 'string') return addressesIn(option).map((address) => new Redis(address, OPTIONS))
  if (!isCluster(option)) return [option.duplicate(OPTIONS)]
  const { startupNodes, options } = option as unknown as { startupNodes: ClusterNode[]; options: ClusterOptions }
  const shared = { ...options.redisOptions, ...OPTIONS }
  return startupNodes.map((node) => {
    if (typeof node === 'string') return new Redis(node, shared)
    return new Redis({ ...shared, ...(typeof node === 'number' ? { port: node } : node) })
  })
}

// by its flag: the host may have another copy of ioredis
const isCluster = (option: Redis | Cluster): option is Cluster => option.isCluster

/** `redis://user:password@a:7000,b:7000` are several nodes of one Cluster, with one user and password. */
function addressesIn(text: string): string[] {
  const [first = '', ...others] = text.split(',')
  const [scheme = ''] = /^rediss?:\/\/(?:[^@/]*@)?/.exec(first) ?? []
  return [first, ...others.map((other) => scheme + other)]
}

/** Where a client points to, for people. */
export function shownRedis({ options }: Redis): string {
  const { host = 'localhost', port = 6379, path, sentinels, name } = options
  return path ?? (sentinels ? `"${name}" of the sentinels` : `${host}:${port}`)
}

/** The one Redis, or every master of the Cluster. Throws what the first one said when none could be reached. */
export async function openRedis(option: RedisOption, clock: Clock): Promise<OpenedRedis[]> {
  const mayBeOneOfMany = typeof option === 'string' || option.isCluster
  const first = await firstToAnswer(clientsOf(option), clock)
  const isClustered = first.info.get('cluster_enabled') === '1'
  if (!isClustered || !mayBeOneOfMany) return [{ ...first, askedAlone: isClustered }]
  const masters = await mastersKnownTo(first)
  if (masters.length === 0) return [first]
  try {
    return await Promise.all(masters.map((node) => open(first.client.duplicate({ ...OPTIONS, ...node }), clock)))
  } finally {
    first.client.disconnect()
  }
}

async function firstToAnswer([client, ...others]: Redis[], clock: Clock): Promise<OpenedRedis> {
  try {
    return await open(client!, clock)
  } catch (error) {
    if (others.length === 0) throw error
    return firstToAnswer(others, clock).catch(() => Promise.reject(error as Error))
  }
}

/** Connects as the app does, but gives up at the first failure and says why. */
async function open(client: Redis, clock: Clock): Promise<OpenedRedis> {
  let why: Error | undefined
  // connect() itself only says "Connection is closed"
  client.on('error', (error: Error) => (why ??= error))
  try {
    await client.connect()
    const { host = 'localhost', sentinels, path } = client.options
    const hosts = sentinels?.map((sentinel) => sentinel.host ?? 'localhost') ?? [path ?? host]
    const info = fields(await client.info())
    return { client, info, clock, shown: shownRedis(client), local: hosts.every(isLoopback), askedAlone: false }
  } catch (error) {
    client.disconnect()
    throw why ?? error
  }
}

async function mastersKnownTo({ client }: OpenedRedis): Promise<{ host: string; port: number }[]> {
  const slots = await client.cluster('SLOTS')
  const masters = slots.flatMap(([, , master]) =>
    master ? [{ host: master[0] || client.options.host!, port: master[1] }] : [],
  )
  return [...new Map(masters.map((node) => [`${node.host}:${node.port}`, node])).values()]
}

/** The `name:value` lines of INFO. */
export function fields(info: string): Map<string, string> {
  return new Map([...info.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name, value]) => [name!, value!]))
}
