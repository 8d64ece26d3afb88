import { availableParallelism } from 'node:os'
import { SecurityError } from '../../core/errors.js'
import { inTime } from '../../core/in-time.js'

const RETRY_AFTER_S = 2
/** So long the host's own check of a password may take: one that never ends must not keep its place in the lane. */
const HOST_CHECK_MS = 5_000

/** Known: signed in, or in a browser in which they have signed in before. */
export type Attempter = 'known' | 'stranger'

/** So much of the room to wait in is for known devices. */
const KEPT_SHARE = 0.2

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
  readonly #attempts: Places
  /** Apart, so that a check of the host's, which has a place of the attempts, may set a password on its way. */
  readonly #ours = new Places(1)
  readonly #waiting: number

  constructor({ concurrent, waiting }: LaneOptions) {
    this.#attempts = new Places(concurrent)
    this.#waiting = waiting
  }

  /** So many more attempts may come now; of a crowd of strangers fewer, so that it leaves room for the known. */
  roomFor(whom: Attempter): number {
    const room = this.#attempts.free + Math.max(0, this.#waiting - this.#attempts.waiting)
    return whom === 'known' ? room : room - Math.floor(this.#waiting * KEPT_SHARE)
  }

  /** True when the next attempt would be verified at once. */
  get isFree(): boolean {
    return this.#attempts.isFree
  }

  /** What one more attempt is told when there is no room for it: `busy`. */
  refusal(): SecurityError {
    return busy(`${this.#waiting} sign-ins wait for their password to be verified; more are refused`)
  }

  /** Throws `busy` when there is no room; asked first, so that a crowd costs no query either. */
  assertRoom(whom: Attempter = 'known'): void {
    if (this.roomFor(whom) <= 0) throw this.refusal()
  }

  /** Runs the work when its turn comes. Throws `busy` when too many wait. */
  async run<T>(work: () => Promise<T>, whom: Attempter = 'known'): Promise<T> {
    this.assertRoom(whom)
    return this.#attempts.run(work)
  }

  /** The same for what cannot be refused any more, or is not a visitor's: one at a time, whatever the attempts do. */
  async runPatiently<T>(work: () => Promise<T>): Promise<T> {
    return this.#ours.run(work)
  }
}

/** So many at once; the others wait in the order in which they came. */
class Places {
  readonly #queue: (() => void)[] = []
  #free: number

  constructor(places: number) {
    this.#free = places
  }

  get isFree(): boolean {
    return this.#free > 0
  }

  get free(): number {
    return this.#free
  }

  get waiting(): number {
    return this.#queue.length
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.isFree) this.#free -= 1
    else await new Promise<void>((turn) => this.#queue.push(turn)) // the place is handed on, so it never becomes free
    try {
      return await work()
    } finally {
      const next = this.#queue.shift()
      if (next) next()
      else this.#free += 1
    }
  }
}
