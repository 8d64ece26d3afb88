import type { Clock } from '../../core/clock.js'

const FAILURES = 3
const OPEN_MS = 500

/** Circuit breaker: after three failures in a row nothing is tried for half a second, then one call finds out. */
export class Breaker {
  readonly #clock: Clock
  #failures = 0
  #openUntil = -Infinity
  #probing = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs `call` at once, or refuses at once. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#failures >= FAILURES) {
      if (this.#probing || this.#clock.monotonic() < this.#openUntil) throw new Error('circuit breaker is open')
      this.#probing = true
    }
    try {
      const value = await call()
      this.#failures = 0
      return value
    } catch (error) {
      this.#failures += 1
      this.#openUntil = this.#clock.monotonic() + OPEN_MS
      throw error
    } finally {
      this.#probing = false
    }
  }
}
