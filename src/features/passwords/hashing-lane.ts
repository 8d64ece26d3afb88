import { AsyncLocalStorage } from 'node:async_hooks'
import { availableParallelism } from 'node:os'
import { SecurityError } from '../../core/errors.js'
import { inTime } from '../../core/in-time.js'

const RETRY_AFTER_S = 2
/** So long the host's own check of a password may take: one that never ends must not keep its place in the lane. */
const HOST_CHECK_MS = 5_000

const busy = (why: string) =>
  new SecurityError('busy', {
    headers: { 'Retry-After': String(RETRY_AFTER_S) },
    extra: { retryAfter: RETRY_AFTER_S },
    cause: new Error(why),
  })

/** Runs a check of the host's. Throws what it throws, and `busy` when it has not ended in time. */
export const checkAtHost = async <T>(check: () => Promise<T> | T): Promise<T> =>
  inTime((async () => check())(), HOST_CHECK_MS, () =>
    busy(`the app's own check of a password has not ended after ${HOST_CHECK_MS / 1000} s; it is given up`),
  )

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
  /** True in what runs in the lane: it may hash, or set a password, itself; to wait for its own place would be for ever. */
  readonly #inside = new AsyncLocalStorage<true>()
  #running = 0
  #oursNext = false

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /** Throws `busy` when there is no place; asked first, so that a flood costs no query either. */
  assertRoom(): void {
    if (this.#inside.getStore() || this.#hasPlace() || this.#attempts.length < this.#options.waiting) return
    throw busy(`${this.#options.waiting} sign-ins wait for their password to be verified; more are refused`)
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
    if (this.#inside.getStore()) return work()
    if (this.#hasPlace()) this.#running += 1
    else await new Promise<void>((turn) => queue.push(turn)) // the place is handed on, so it stays counted
    try {
      return await this.#inside.run(true, work)
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
