import { availableParallelism } from 'node:os'
import { SecurityError } from '../../core/errors.js'

const RETRY_AFTER_S = 2

/** One core is left to the app, and two of libuv's four threads to the file system and DNS. */
export const hashesAtOnce = (): number => (availableParallelism() > 2 ? 2 : 1)

export interface LaneOptions {
  /** So many hashes are computed at once. */
  concurrent: number
  /** So many attempts may wait for their turn. */
  waiting: number
}

/**
 * A bounded lane for password hashing (invariant 13). argon2id runs in libuv's pool of four threads, which serves the
 * file system and DNS too: hundreds of hashes at once would stall the whole app for seconds. Here a few run, a few wait,
 * and whoever comes then is told so at once.
 */
export class HashingLane {
  readonly #options: LaneOptions
  readonly #attempts: (() => void)[] = []
  readonly #ours: (() => void)[] = []
  #running = 0
  #oursNext = false

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /** The answer to one more attempt when there is no room for it, `busy`; else null. */
  refusal(): SecurityError | null {
    if (this.#hasPlace() || this.#attempts.length < this.#options.waiting) return null
    return new SecurityError('busy', {
      headers: { 'Retry-After': String(RETRY_AFTER_S) },
      extra: { retryAfter: RETRY_AFTER_S },
      cause: new Error(`${this.#options.waiting} sign-ins wait for their password to be verified; more are refused`),
    })
  }

  /** Throws `busy` when there is no room; asked first, so that a crowd costs no query either. */
  assertRoom(): void {
    const refusal = this.refusal()
    if (refusal) throw refusal
  }

  /** Runs the work when its turn comes. Throws `busy` when too many wait. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.assertRoom()
    return this.#inTurn(this.#attempts, work)
  }

  /** The same for what cannot be refused any more, or is not a visitor's: it waits, and takes turns with the attempts. */
  async runPatiently<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(this.#ours, work)
  }

  async #inTurn<T>(queue: (() => void)[], work: () => Promise<T>): Promise<T> {
    if (this.#hasPlace()) this.#running += 1
    else await new Promise<void>((turn) => queue.push(turn)) // the place is handed on, so it stays counted
    try {
      return await work()
    } finally {
      const next = this.#next()
      if (next) next()
      else this.#running -= 1
    }
  }

  #hasPlace(): boolean {
    return this.#running < this.#options.concurrent
  }

  #next(): (() => void) | undefined {
    const [first, second] = this.#oursNext ? [this.#ours, this.#attempts] : [this.#attempts, this.#ours]
    this.#oursNext = !this.#oursNext
    return first.shift() ?? second.shift()
  }
}
