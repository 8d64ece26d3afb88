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

/** A clock whose wall-clock time stands still until a test moves it, however slow the machine is. */
export class StillClock extends TestClock {
  #now: number

  constructor(now = Date.now()) {
    super()
    this.#now = now
  }

  override now(): number {
    return this.#now
  }

  override advance(ms: number): void {
    this.#now += ms
  }
}

/** Waits for what nobody announces, such as a write that no request waits for. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 5_000): Promise<void> {
  for (const end = performance.now() + ms; !(await condition()); await wait(10))
    if (performance.now() > end) throw new Error(`${what}: not after ${ms} ms`)
}
