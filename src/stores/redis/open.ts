import { Cluster, type Redis } from 'ioredis'
import { ConfigurationError } from '../../core/errors.js'
import { ClusterLink } from './cluster.js'
import type { LinkParts, RedisLink } from './link.js'
import { Standalone } from './standalone.js'

/**
 * Opens what the option `redis` names: an address, the addresses of a Cluster (`redis://a:7000,b:7000`), or a client of
 * ioredis, whose settings are taken over. Throws ConfigurationError when it cannot be reached or must not be used.
 */
export async function openRedis(redis: string | Redis | Cluster, parts: LinkParts): Promise<RedisLink> {
  if (typeof redis !== 'string' && redis.isCluster) return ClusterLink.open(redis as Cluster, parts)
  if (typeof redis === 'string' && redis.includes(',')) return ClusterLink.open(clusterAt(redis), parts)
  const standalone = await Standalone.open(redis as string | Redis, parts)
  if (standalone) return standalone
  if (typeof redis === 'string') return ClusterLink.open(clusterAt(redis), parts)
  const { host, port } = (redis as Redis).options
  throw new ConfigurationError(
    `redis ${host}:${port} is a node of a Cluster, and new Redis() asks it alone; give ` +
      `new Cluster([{ host: '${host}', port: ${port} }]) of ioredis`,
  )
}

/** A Cluster by its addresses; scheme, user and password stand at the first one. */
function clusterAt(addresses: string): Cluster {
  const [first = '', ...others] = addresses.split(',')
  const url = URL.canParse(first) ? new URL(first) : null
  const nodes = [url, ...others.map((each) => (URL.canParse(`redis://${each}`) ? new URL(`redis://${each}`) : null))]
  if (!url || nodes.includes(null))
    throw new ConfigurationError(`redis is no list of addresses; write 'redis://10.0.0.1:7000,10.0.0.2:7000'`)
  return new Cluster(
    nodes.map((each) => ({ host: each!.hostname, port: Number(each!.port || 6379) })),
    {
      lazyConnect: true,
      redisOptions: {
        ...(url.username && { username: decodeURIComponent(url.username) }),
        ...(url.password && { password: decodeURIComponent(url.password) }),
        ...(url.protocol === 'rediss:' && { tls: {} }),
      },
    },
  )
}
