import type { Counter, Throttle, Wait } from '../throttle/throttle.js'
import type { Attempter, HashingLane } from './hashing-lane.js'

/** What came of an attempt, and the wait that begins because of it. */
export interface Attempted<T> {
  result: T
  wait: Wait | null
}

/** The one way in which a typed password is compared with a stored one: counted first, and in the hashing lane. */
export class PasswordAttempts {
  readonly #throttle: Throttle
  readonly #lane: HashingLane

  constructor(throttle: Throttle, lane: HashingLane) {
    this.#throttle = throttle
    this.#lane = lane
  }

  /**
   * Runs `verify` when its turn comes, unless one of the counters has to wait. The attempt is counted when its turn has
   * come: a crowd that is refused for want of room costs no transaction. Throws `too_many_requests` or `busy`.
   */
  async run<T>(
    counters: readonly Counter[],
    verify: () => Promise<T>,
    isRight: (result: T) => boolean,
    whom: Attempter,
  ): Promise<Attempted<T>> {
    await this.#throttle.assertFree(counters)
    const { result, reservation } = await this.#lane.run(async () => {
      const reservation = await this.#throttle.reserve(counters)
      return { reservation, result: await verify() }
    }, whom)
    if (!isRight(result)) return { result, wait: reservation.wait }
    await this.#throttle.giveBack(reservation)
    return { result, wait: null }
  }
}
