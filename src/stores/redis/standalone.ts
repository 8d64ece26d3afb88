import type { Redis } from 'ioredis'
import { ConfigurationError } from '../../core/errors.js'
import type { LinkParts, RedisLink, Reply } from './link.js'
import { nodeClient, subscriberClient, type NodeClient } from './node-client.js'
import { evictionProblem } from './node-facts.js'
import { RedisNode } from './node.js'

const START_MS = 5_000

/** One node: the one at an address, or the one that the sentinels name as the master. */
export class Standalone implements RedisLink {
  readonly #node: RedisNode

  private constructor(node: RedisNode) {
    this.#node = node
  }

  /** Null: what is there is a node of a Cluster. Throws ConfigurationError when it cannot be used. */
  static async open(redis: string | Redis, parts: LinkParts): Promise<Standalone | null> {
    // a node that was believed, and now says that it takes no writes, is asked at once who it is
    const onDoubt = (): void => void (node.isConfirmed && node.identify().catch(parts.report))
    const node: RedisNode = new RedisNode(nodeClient(redis), { ...parts, onDoubt })
    try {
      const facts = await node.open(START_MS).catch((cause: unknown) => {
        throw unreachable(node.name, cause)
      })
      if (facts.isClustered) {
        node.close()
        return null
      }
      const problem = evictionProblem(facts, node.name) ?? (facts.isMaster ? null : isReplica(node.name))
      if (problem) throw problem
    } catch (error) {
      node.close()
      throw error
    }
    return new Standalone(node)
  }

  send<T>(_key: string, command: (client: NodeClient) => Promise<T>): Promise<Reply<T>> {
    return this.#node.send(command)
  }

  async publish(channel: string, message: string): Promise<void> {
    await this.#node.send((client) => client.publish(channel, message))
  }

  subscriber(): NodeClient {
    return subscriberClient(this.#node.client)
  }

  identify(): Promise<void> {
    return this.#node.identify()
  }

  get identityAgeMs(): number {
    return this.#node.identityAgeMs
  }

  close(): void {
    this.#node.close()
  }
}

/** What a failed start says; the cause tells a network from a password. */
export function unreachable(name: string, cause: unknown): ConfigurationError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const advice = reason.startsWith('NOPERM')
    ? 'allow its user what docs/redis.md lists'
    : 'start it, correct the address, or leave the option out: SQL alone then serves'
  return new ConfigurationError(`redis ${name} cannot be reached (${reason}); ${advice}`, { cause })
}

const isReplica = (name: string): ConfigurationError =>
  new ConfigurationError(
    `redis ${name} is a replica, which takes no writes; write the address of its master, or give ` +
      `new Redis({ sentinels: [{ host, port }], name }) of ioredis`,
  )
