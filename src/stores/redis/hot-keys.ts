import { hotKey } from './keys.js'
import type { RedisLink, Reply } from './link.js'

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

export class RedisHotKeys implements HotKeys {
  readonly #link: RedisLink

  constructor(link: RedisLink) {
    this.#link = link
  }

  get identityAgeMs(): number {
    return this.#link.identityAgeMs
  }

  read(idHash: string): Promise<Reply<string | null>> {
    const key = hotKey(idHash)
    return this.#link.send(key, (client) => client.get(key))
  }

  async compareAndSet(idHash: string, expected: string | null, next: string, ttlMs: number): Promise<Reply<boolean>> {
    const key = hotKey(idHash)
    const { value, identity } = await this.#link.send(key, (client) =>
      client.sallyportCompareAndSet(key, expected ?? '', next, ttlMs),
    )
    return { value: value === 1, identity }
  }

  async put(idHash: string, value: string, ttlMs: number): Promise<Reply<void>> {
    const key = hotKey(idHash)
    const { identity } = await this.#link.send(key, (client) => client.set(key, value, 'PX', ttlMs))
    return { value: undefined, identity }
  }

  async remove(idHash: string): Promise<Reply<void>> {
    const key = hotKey(idHash)
    const { identity } = await this.#link.send(key, (client) => client.del(key))
    return { value: undefined, identity }
  }
}
