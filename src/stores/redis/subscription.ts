import { setTimeout as wait } from 'node:timers/promises'
import { ConfigurationError } from '../../core/errors.js'
import type { RedisLink } from './link.js'
import type { NodeClient } from './node-client.js'
import { plainError, redisUnavailable } from './plain-error.js'

/** A connection that has died in silence is found out by asking. */
const PING_MS = 2_000
const LONGEST_WAIT_MS = 500

interface Hearing {
  onMessage: (text: string) => void
  /** Called when messages may have been missed. */
  onGap: () => void
  report: (error: unknown) => void
}

/**
 * Listens on a channel, on a connection of its own, as long as there is a node to listen at. Each time it is lost, a
 * new client subscribes, at another node if need be. ioredis would subscribe anew by itself, with nobody to catch its
 * failure, and once.
 */
export class Subscription {
  readonly #link: RedisLink
  readonly #channel: string
  readonly #hearing: Hearing
  readonly #closing = new AbortController()
  #client: NodeClient | null = null

  private constructor(link: RedisLink, channel: string, hearing: Hearing) {
    this.#link = link
    this.#channel = channel
    this.#hearing = hearing
  }

  /** Resolves when it hears. Throws ConfigurationError when it may not. */
  static async open(link: RedisLink, channel: string, hearing: Hearing): Promise<Subscription> {
    const subscription = new Subscription(link, channel, hearing)
    try {
      await subscription.#subscribe()
    } catch (cause) {
      const advice = `let its user subscribe to the channel ${channel}; docs/redis.md lists what it needs`
      throw new ConfigurationError(`redis takes no subscription (${plainError(cause).message}); ${advice}`, { cause })
    }
    subscription.#keep().catch(hearing.report)
    return subscription
  }

  close(): void {
    this.#closing.abort()
    this.#client?.disconnect()
  }

  async #keep(): Promise<void> {
    const { signal } = this.#closing
    for (let failures = 0; !signal.aborted;) {
      if (failures === 0 && this.#client) await untilLost(this.#client)
      if (signal.aborted) return
      try {
        await this.#subscribe()
        failures = 0
        this.#hearing.onGap()
      } catch (error) {
        if (signal.aborted) return
        this.#hearing.report(redisUnavailable(error))
        failures += 1
        await wait(Math.min(50 * failures, LONGEST_WAIT_MS), null, { ref: false, signal }).catch(() => {})
      }
    }
  }

  async #subscribe(): Promise<void> {
    const client = this.#link.subscriber()
    this.#client = client
    let reason: unknown // connect() itself only says that it has failed
    client.on('error', (error: unknown) => (reason = error))
    client.on('message', (_channel, text) => this.#hearing.onMessage(text))
    try {
      await client.connect()
      await client.subscribe(this.#channel)
    } catch (error) {
      client.disconnect()
      throw reason ?? error
    }
  }
}

async function untilLost(client: NodeClient): Promise<void> {
  const ping = setInterval(() => void client.ping().catch(() => client.disconnect()), PING_MS).unref()
  if (client.status !== 'end') await new Promise<void>((lost) => client.once('end', lost))
  clearInterval(ping)
}
