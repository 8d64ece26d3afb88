import { Cluster, Redis } from 'ioredis'

interface Address {
  host: string
  port: number
}

/** Where Redis is, as text that can be handed to another process. */
export type RedisPlace =
  string | { sentinels: Address[]; name: string } | { cluster: Address[]; natMap?: Record<string, Address> }

/** What a host would write into the option `redis`. A client is only ever copied, so it does not connect itself. */
export function redisOption(place: RedisPlace): string | Redis | Cluster {
  if (typeof place === 'string') return place
  if ('cluster' in place) return new Cluster(place.cluster, { natMap: place.natMap, lazyConnect: true })
  return new Redis({ ...place, lazyConnect: true })
}

/** A look into it, for the test itself. */
export function rawClient(place: RedisPlace): Redis | Cluster {
  const settings = { retryStrategy: () => 50, maxRetriesPerRequest: null }
  const client =
    typeof place === 'string'
      ? new Redis(place, settings)
      : 'cluster' in place
        ? new Cluster(place.cluster, { natMap: place.natMap, slotsRefreshInterval: 500 })
        : new Redis({ ...place, ...settings })
  client.on('error', () => {}) // tests take servers away
  return client
}
