import type { Clock } from '../core/clock.js'

const FAILURES = 3
const OPEN_MS = 500

/** Says how a call went that was let in; undefined: it was not tried after all. */
export type Tell = (answered: boolean | undefined) => void

/** Circuit breaker: after three failures in a row nothing is tried for half a second, then one call finds out. */
export class Breaker {
  readonly #clock: Clock
  #failures = 0
  #openUntil = -Infinity
  #probing = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isOpen(): boolean {
    return this.#failures >= FAILURES
  }

  /** Lets a call begin, or throws at once. Whoever is let in must tell how it went, and may do so more than once. */
  enter(): Tell {
    const isProbe = this.isOpen
    if (isProbe) {
      if (this.#probing || this.#clock.monotonic() < this.#openUntil) throw new Error('circuit breaker is open')
      this.#probing = true
    }
    return (answered) => {
      if (isProbe) this.#probing = false
      if (answered === undefined) return
      this.#failures = answered ? 0 : this.#failures + 1
      if (!answered) this.#openUntil = this.#clock.monotonic() + OPEN_MS
    }
  }

  /** Runs `call` at once, or refuses at once. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    const tell = this.enter()
    try {
      const value = await call()
      tell(true)
      return value
    } catch (error) {
      tell(false)
      throw error
    }
  }
}
