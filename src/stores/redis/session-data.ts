import { RedisStore } from 'connect-redis'
import type { SessionData as ExpressSessionData } from 'express-session'
import type { Clock } from '../../core/clock.js'
import type { SessionData, StoredData } from '../../core/session-data.js'
import { dataKey } from './keys.js'
import type { RedisLink } from './link.js'
import type { NodeClient } from './node-client.js'

/** Session data through connect-redis 8.1, which speaks ioredis; over our link, with its deadline. */
export class RedisSessionData implements SessionData {
  readonly #store: RedisStore

  constructor(link: RedisLink, clock: Clock) {
    const reply = async <T>(idHash: string, command: (client: NodeClient, key: string) => Promise<T>) => {
      const key = dataKey(idHash)
      return (await link.send(key, (client) => command(client, key))).value
    }
    this.#store = new RedisStore({
      client: {
        get: (idHash: string) => reply(idHash, (client, key) => client.get(key)),
        set: (idHash: string, value: string, _unit: 'EX', seconds: number) =>
          reply(idHash, (client, key) => client.set(key, value, 'EX', seconds)),
        del: ([idHash]: [string]) => reply(idHash, (client, key) => client.del(key)),
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
