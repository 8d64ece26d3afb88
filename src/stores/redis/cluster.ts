import type { Cluster, RedisOptions } from 'ioredis'
import { ConfigurationError, StoreUnavailable } from '../../core/errors.js'
import type { LinkParts, RedisLink, Reply } from './link.js'
import { nodeClient, subscriberClient, type NodeClient } from './node-client.js'
import { evictionProblem, type NodeFacts } from './node-facts.js'
import { RedisNode } from './node.js'
import { plainError, redisUnavailable } from './plain-error.js'
import { slotOf } from './slots.js'
import { addressParts, askNode, askStartupNodes, isSameMap, outside, type SlotMap } from './slot-map.js'
import { unreachable } from './standalone.js'

const START_MS = 3_000
/** Doubts come in crowds, one per request; and while nobody answers, asking costs new connections. */
const LEAST_BETWEEN_MS = 100
const LEAST_BETWEEN_OUTAGE_MS = 500
/** Also without any doubt: whoever is cut off with its node would have none. */
const MAP_AGE_MS = 900
/** So many nodes are asked for the map at once; the first to answer is believed. */
const ASKED = 2

/**
 * The masters of a Cluster, each behind a connection of our own with its own identity: a reply counts only under that
 * of the very node that gave it. ioredis' Cluster follows redirections and queues by itself, so that nobody knows who
 * has answered; it only tells us where to begin.
 */
export class ClusterLink implements RedisLink {
  readonly #cluster: Cluster
  readonly #parts: LinkParts
  readonly #options: RedisOptions
  readonly #nodes = new Map<string, RedisNode>()
  #map: SlotMap = []
  /** When a slot last had another owner. */
  #changedAt = -Infinity
  #askedAt = -Infinity
  #asking: Promise<void> | null = null
  #timer: NodeJS.Timeout | undefined
  #closed = false

  private constructor(cluster: Cluster, parts: LinkParts) {
    this.#cluster = cluster
    // what fails because we have closed it is no news
    this.#parts = { ...parts, report: (error) => void (this.#closed || parts.report(error)) }
    const { redisOptions, keyPrefix } = cluster.options
    this.#options = { ...redisOptions, keyPrefix: keyPrefix ?? redisOptions?.keyPrefix ?? '', db: 0 }
  }

  /** Throws ConfigurationError when none of its masters can be used, or one of them must not. */
  static async open(cluster: Cluster, parts: LinkParts): Promise<ClusterLink> {
    if (cluster.options.scaleReads !== 'master')
      throw new ConfigurationError(
        `redis: scaleReads sends reads to replicas, which know of a revocation too late; write scaleReads: 'master'`,
      )
    const link = new ClusterLink(cluster, parts)
    try {
      await link.#start()
    } catch (error) {
      link.close()
      throw error
    }
    return link
  }

  async #start(): Promise<void> {
    const map = await askStartupNodes(this.#cluster).catch((cause: unknown) => {
      throw unreachable('Cluster', new Error(`none of its startup nodes answers: ${plainError(cause).message}`))
    })
    const opened = await Promise.allSettled(this.#take(map))
    const masters = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    const failure = opened.find((each) => each.status === 'rejected')
    if (masters.length === 0) throw unreachable('Cluster', failure?.reason ?? new Error('it serves no slots'))
    for (const { facts, name } of masters) {
      const problem = evictionProblem(facts, name)
      if (problem) throw problem
    }
  }

  async send<T>(key: string, command: (client: NodeClient) => Promise<T>): Promise<Reply<T>> {
    const node = this.#nodeOf(key)
    try {
      return await node.send(command)
    } catch (error) {
      const redirected = this.#redirected(error)
      if (!redirected) throw error
      return redirected.node.send((client) => {
        if (redirected.asking) client.asking().catch(() => {}) // the command fails too
        return command(client)
      })
    }
  }

  #nodeOf(key: string): RedisNode {
    const address = this.#map[slotOf(this.#options.keyPrefix + key)]
    const node = address === undefined ? undefined : this.#nodes.get(address)
    if (node) return node
    this.#doubt()
    throw redisUnavailable(new Error('no node serves this slot'))
  }

  /**
   * A node that does not serve a slot, or a key that has moved on (ASK), has done nothing and says who would. That one
   * is asked, once: its answer counts under its own identity. The owner is news, so no acknowledgement is fast for now.
   */
  #redirected(error: unknown): { node: RedisNode; asking: boolean } | null {
    const said = error instanceof StoreUnavailable && error.cause instanceof Error ? error.cause.message : ''
    const [, kind, address] = /^(MOVED|ASK) \d+ (\S+)$/.exec(said) ?? []
    if (!address) return null
    this.#changedAt = this.#parts.clock.monotonic()
    const reachable = outside(address, this.#cluster.options.natMap)
    const node = this.#nodes.get(reachable)
    if (!node) this.#openNode(reachable).catch(this.#parts.report) // a master that has no slots yet is in no map
    return node ? { node, asking: kind === 'ASK' } : null
  }

  async publish(channel: string, message: string): Promise<void> {
    await this.#anyNode().send((client) => client.publish(channel, message))
  }

  subscriber(): NodeClient {
    return subscriberClient(this.#anyNode().client)
  }

  /** Whom to ask what any node can answer. */
  #anyNode(): RedisNode {
    const [node] = this.#confirmed(1)
    if (node) return node
    this.#doubt()
    throw redisUnavailable(new Error('no node of the Cluster answers'))
  }

  #confirmed(count: number): RedisNode[] {
    const nodes = [...this.#nodes.values()].filter((each) => each.isConfirmed)
    const first = Math.floor(Math.random() * nodes.length)
    return [...nodes.slice(first), ...nodes.slice(0, first)].slice(0, count)
  }

  async identify(): Promise<void> {
    if (this.#parts.clock.monotonic() - this.#askedAt > MAP_AGE_MS) this.#refresh().catch(this.#parts.report)
    const asked = await Promise.allSettled([...this.#nodes.values()].map((node) => node.identify()))
    const failure = asked.find((each) => each.status === 'rejected')
    if (failure) throw failure.reason
  }

  get identityAgeMs(): number {
    const ages = [...this.#nodes.values()].map((node) => node.identityAgeMs)
    return Math.min(this.#parts.clock.monotonic() - this.#changedAt, ...ages)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const node of this.#nodes.values()) node.close()
  }

  /** Something speaks against the map: it is asked for anew, at once unless that has just been done. */
  #doubt(): void {
    if (this.#timer || this.#closed) return
    const least = this.#confirmed(1).length > 0 ? LEAST_BETWEEN_MS : LEAST_BETWEEN_OUTAGE_MS
    const wait = Math.max(0, this.#askedAt + least - this.#parts.clock.monotonic())
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#refresh().catch(this.#parts.report)
    }, wait).unref()
  }

  #refresh(): Promise<void> {
    this.#askedAt = this.#parts.clock.monotonic()
    this.#asking ??= this.#ask().finally(() => (this.#asking = null))
    return this.#asking
  }

  async #ask(): Promise<void> {
    const nodes = this.#confirmed(ASKED)
    const answers = nodes.map((node) => askNode(node.client, this.#cluster.options.natMap))
    const map = await Promise.any(answers)
      .catch(() => askStartupNodes(this.#cluster))
      .catch((error: unknown) => {
        throw redisUnavailable(error)
      })
    if (this.#closed || isSameMap(map, this.#map)) return
    for (const opening of this.#take(map))
      opening.then(({ facts, name }) => this.#warn(facts, name), this.#parts.report)
  }

  #warn(facts: NodeFacts, name: string): void {
    const problem = evictionProblem(facts, name)
    if (problem) this.#parts.report(problem)
  }

  /** Opens connections to masters that are new, and closes those to nodes that are none any more. */
  #take(map: SlotMap): Promise<{ facts: NodeFacts; name: string }>[] {
    this.#map = map
    this.#changedAt = this.#parts.clock.monotonic()
    const masters = new Set(map.filter((address) => address !== undefined))
    for (const [address, node] of this.#nodes)
      if (!masters.has(address)) {
        this.#nodes.delete(address)
        node.close()
      }
    return [...masters].filter((address) => !this.#nodes.has(address)).map((address) => this.#openNode(address))
  }

  async #openNode(address: string): Promise<{ facts: NodeFacts; name: string }> {
    const client = nodeClient({ ...this.#options, ...addressParts(address) })
    const node = new RedisNode(client, { ...this.#parts, onDoubt: () => this.#doubt() })
    this.#nodes.set(address, node)
    return { facts: await node.open(START_MS), name: node.name }
  }
}
