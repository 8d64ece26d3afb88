import { RedisStore } from 'connect-redis'
import type { SessionData as ExpressSessionData } from 'express-session'
import type { Clock } from '../../core/clock.js'
import type { SessionData, StoredData } from '../../core/session-data.js'
import type { RedisConnection } from './connection.js'
import { dataKey } from './keys.js'

/** Session data through connect-redis 8.1, which speaks ioredis; over our connection, with its deadline. */
export class RedisSessionData implements SessionData {
  readonly #store: RedisStore

  constructor(connection: RedisConnection, clock: Clock) {
    const reply = async <T>(call: Parameters<typeof connection.send<T>>[0]) => (await connection.send(call)).value
    this.#store = new RedisStore({
      client: {
        get: (key: string) => reply((client) => client.get(dataKey(key))),
        set: (key: string, value: string, _unit: 'EX', seconds: number) =>
          reply((client) => client.set(dataKey(key), value, 'EX', seconds)),
        del: (keys: string[]) => reply((client) => client.del(keys.map(dataKey))),
      },
      prefix: '',
      disableTouch: true,
      // A cookie without expiry would get a day; ours say when they end, by the context's clock.
      ttl: (data) => Math.max(1, Math.ceil(((data as unknown as StoredData).expiresAt - clock.now()) / 1000)),
    })
  }

  async load(idHash: string): Promise<StoredData | null> {
    return ((await this.#store.get(idHash)) as StoredData | null) ?? null
  }

  async save(idHash: string, data: StoredData): Promise<void> {
    await this.#store.set(idHash, data as unknown as ExpressSessionData)
  }

  async remove(idHash: string): Promise<void> {
    await this.#store.destroy(idHash)
  }
}
