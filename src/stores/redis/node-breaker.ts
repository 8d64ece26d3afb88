import type { Clock } from '../../core/clock.js'
import { isAnswer } from './plain-error.js'

const FAILURES = 3
const OPEN_MS = 500

/**
 * Circuit breaker: after three failures in a row nothing is tried for half a second, then what one tick sends finds
 * out: a request asks for its hot copy and for its data together, and one must not be refused for the other's sake.
 * An error that the node itself answers with is no failure: it costs no time.
 */
export class NodeBreaker {
  readonly #clock: Pick<Clock, 'monotonic'>
  #failures = 0
  #openUntil = -Infinity
  #probes = 0
  #isProbeTick = false

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Runs `call` at once, or refuses at once. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    const isProbe = this.#failures >= FAILURES
    if (isProbe && !this.#mayProbe()) throw new Error('circuit breaker is open')
    if (isProbe) this.#probes += 1
    try {
      const value = await call()
      this.#failures = 0
      return value
    } catch (error) {
      if (isAnswer(error)) this.#failures = 0
      else {
        this.#failures += 1
        this.#openUntil = this.#clock.monotonic() + OPEN_MS
      }
      throw error
    } finally {
      if (isProbe) this.#probes -= 1
    }
  }

  /** A node has answered over a new connection: what was before says nothing about it. */
  close(): void {
    this.#failures = 0
  }

  #mayProbe(): boolean {
    if (this.#isProbeTick) return true
    if (this.#probes > 0 || this.#clock.monotonic() < this.#openUntil) return false
    this.#isProbeTick = true
    queueMicrotask(() => (this.#isProbeTick = false))
    return true
  }
}
