import type { Cluster } from 'ioredis'
import { DEADLINE_MS, type NodeClient } from './node-client.js'
import { SLOTS } from './slots.js'

/** The address (`host:port`) of the master of each slot; undefined where nobody serves it. */
export type SlotMap = readonly (string | undefined)[]

const START_MS = 3_000

/**
 * The map as the Cluster's startup nodes know it, asked by a short-lived copy of the host's client: host names, SRV
 * records, passwords and NAT are as they are for the host. Throws when none of them answers.
 */
export async function askStartupNodes(cluster: Cluster): Promise<SlotMap> {
  const asking = cluster.duplicate([], {
    lazyConnect: true,
    enableReadyCheck: false, // a Cluster that is not whole serves what it can
    shardedSubscribers: false,
    scaleReads: 'master',
    clusterRetryStrategy: null,
    slotsRefreshInterval: 0,
    slotsRefreshTimeout: DEADLINE_MS,
    redisOptions: { ...cluster.options.redisOptions, connectTimeout: DEADLINE_MS, commandTimeout: DEADLINE_MS },
  })
  let reason: unknown
  asking.on('node error', (error: unknown) => (reason = error))
  asking.on('error', () => {}) // it says that all have failed; the reason is more use
  const late = setTimeout(() => asking.disconnect(), START_MS)
  try {
    await asking.connect()
    return Array.from({ length: SLOTS }, (_, slot) => asking.slots[slot]?.[0])
  } catch (error) {
    throw reason ?? error
  } finally {
    clearTimeout(late)
    asking.disconnect()
  }
}

type Address = { host: string; port: number }

/** What the map says to whoever asks this node. */
export async function askNode(client: NodeClient, natMap: Cluster['options']['natMap']): Promise<SlotMap> {
  const reply = await client.cluster('SLOTS')
  const map: (string | undefined)[] = Array.from({ length: SLOTS }, () => undefined)
  for (const [from, to, master] of reply) {
    if (!master) continue
    const [host, port] = master
    // no host: it has been told none, and means its own (cluster-preferred-endpoint-type)
    map.fill(outside(`${host || client.options.host}:${port}`, natMap), from, to + 1)
  }
  return map
}

/** An address as this process reaches it. */
export function outside(address: string, natMap: Cluster['options']['natMap']): string {
  const mapped = typeof natMap === 'function' ? natMap(address) : natMap?.[address]
  return mapped ? `${mapped.host}:${mapped.port}` : address
}

export function addressParts(address: string): Address {
  const colon = address.lastIndexOf(':') // the host may be IPv6
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
}

export const isSameMap = (a: SlotMap, b: SlotMap): boolean => a.every((address, slot) => address === b[slot])
