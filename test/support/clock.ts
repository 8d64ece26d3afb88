import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from 'sallyport'

/** A clock that a test moves. `sleep` keeps its own pace. */
export class TestClock implements Clock {
  #offset = 0
  #monotonic = 0

  now(): number {
    return Date.now() + this.#offset
  }

  monotonic(): number {
    return performance.now() + this.#monotonic
  }

  async sleep(ms: number): Promise<void> {
    await wait(ms)
  }

  /** Lets wall-clock time go by. */
  advance(ms: number): void {
    this.#offset += ms
  }

  /** Lets time go by as processes measure it: what was new is settled. */
  settle(ms = 6_000): void {
    this.#monotonic += ms
  }
}
