import type { Redis } from 'ioredis'
import type { RedisConnection, Reply } from './connection.js'
import { hotKey } from './keys.js'

/** The four commands of the protocol. Each is one step of the model: it happens at the node at once, or fails. */
export interface HotKeys {
  read(idHash: string): Promise<Reply<string | null>>
  /** Puts `next` where `expected` stands (null: nothing). `value` says whether it did. */
  compareAndSet(idHash: string, expected: string | null, next: string, ttlMs: number): Promise<Reply<boolean>>
  /** Overwrites whatever is there. */
  put(idHash: string, value: string, ttlMs: number): Promise<Reply<void>>
  remove(idHash: string): Promise<Reply<void>>
  readonly identityAgeMs: number
}

const COMPARE_AND_SET = `
local now = redis.call('GET', KEYS[1])
if (now == false and ARGV[1] == '') or now == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1
end
return 0`

type WithScript = Redis & {
  sallyportCompareAndSet(key: string, expected: string, next: string, ttlMs: number): Promise<number>
}

export class RedisHotKeys implements HotKeys {
  readonly #connection: RedisConnection

  constructor(connection: RedisConnection) {
    this.#connection = connection
    connection.client.defineCommand('sallyportCompareAndSet', { numberOfKeys: 1, lua: COMPARE_AND_SET })
  }

  get identityAgeMs(): number {
    return this.#connection.identityAgeMs
  }

  read(idHash: string): Promise<Reply<string | null>> {
    return this.#connection.send((client) => client.get(hotKey(idHash)))
  }

  async compareAndSet(idHash: string, expected: string | null, next: string, ttlMs: number): Promise<Reply<boolean>> {
    const { value, identity } = await this.#connection.send((client) =>
      (client as WithScript).sallyportCompareAndSet(hotKey(idHash), expected ?? '', next, ttlMs),
    )
    return { value: value === 1, identity }
  }

  async put(idHash: string, value: string, ttlMs: number): Promise<Reply<void>> {
    const { identity } = await this.#connection.send((client) => client.set(hotKey(idHash), value, 'PX', ttlMs))
    return { value: undefined, identity }
  }

  async remove(idHash: string): Promise<Reply<void>> {
    const { identity } = await this.#connection.send((client) => client.del(hotKey(idHash)))
    return { value: undefined, identity }
  }
}
