import type { Redis } from 'ioredis'
import { plainError, type RedisConnection } from './connection.js'
import { ENDED_CHANNEL } from './keys.js'

/** Tells the other processes which sessions have ended. Faster than the tail, and no more than that: a lost message is caught up with there. */
export class Broadcast {
  readonly #connection: RedisConnection
  readonly #subscriber: Redis

  private constructor(connection: RedisConnection, subscriber: Redis) {
    this.#connection = connection
    this.#subscriber = subscriber
  }

  /** `onEnded` hears of sessions by public id; `onGap` is called when messages may have been missed. */
  static async open(
    connection: RedisConnection,
    hear: { onEnded: (publicIds: string[]) => void; onGap: () => void; report: (error: unknown) => void },
  ): Promise<Broadcast> {
    const subscriber = connection.subscriber()
    subscriber.on('error', (error) => hear.report(plainError(error)))
    subscriber.on('message', (_channel, text) => hear.onEnded(publicIdsIn(text)))
    await subscriber.connect()
    await subscriber.subscribe(ENDED_CHANNEL)
    subscriber.on('ready', () => {
      subscriber.subscribe(ENDED_CHANNEL).then(hear.onGap, (error: unknown) => hear.report(plainError(error)))
    })
    return new Broadcast(connection, subscriber)
  }

  async ended(publicIds: readonly string[]): Promise<void> {
    if (publicIds.length === 0) return
    await this.#connection.send((client) => client.publish(ENDED_CHANNEL, JSON.stringify(publicIds)))
  }

  close(): void {
    this.#subscriber.disconnect()
  }
}

function publicIdsIn(text: string): string[] {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : []
  } catch {
    return []
  }
}
