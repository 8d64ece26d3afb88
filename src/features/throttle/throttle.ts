import type { Clock } from '../../core/clock.js'
import { Signer } from '../../core/crypto.js'
import { tooManyRequests } from '../../core/errors.js'
import { networkOf } from '../../core/addresses.js'
import { whenFree, type Database, type Tx } from '../../stores/sql/database.js'
import { counted, givenBack, remembered, type Count, type Made } from './counting.js'

/** Whose failures are counted together. */
export type Lane = 'account' | 'network' | 'device' | 'session'

/** A counter that an attempt counts on, and how many failures are free there. */
export interface Counter {
  lane: Lane
  key: string
  free: number
}

/** A wait that an attempt begins, unless it turns out to be right. */
export interface Wait {
  lane: Lane
  seconds: number
}

/** An attempt that has been counted, and may go on to be verified. */
export interface Reservation {
  held: readonly (Made & { key: string })[]
  wait: Wait | null
}

interface Options {
  db: Database
  clock: Clock
  secrets: readonly string[]
  perAccount: number
  perNetwork: number
  windowMs: number
}

/**
 * Counts attempts to guess a secret, before they are verified (invariant 4). A reservation is one transaction, which
 * locks its counters before it reads them; so N attempts at once, on however many processes, never get more than what
 * is free. Whoever has to wait is refused and not counted, with the right secret as with a wrong one.
 */
export class Throttle {
  readonly #options: Options
  readonly #signer: Signer

  constructor(options: Options) {
    this.#options = options
    this.#signer = new Signer(options.secrets, 'throttle')
  }

  /**
   * The counters of a sign-in. `device` is a known device of this very user, and is a lane of its own: strangers fill
   * the other ones. An account is counted under its id and under the address typed, whether there is such a user or
   * not: else it would show in whether "ADA@acme.test" and "ada@acme.test" fill the same counter (invariant 5).
   */
  forSignIn(from: { email: string; userId: string | null; address: string | null; device: string | null }): Counter[] {
    const { perAccount, perNetwork } = this.#options
    if (from.device) return [this.#counter('device', perAccount, from.device)]
    const email = from.email.trim().normalize('NFKC').toLowerCase()
    const user = from.userId === null ? `nobody ${email}` : `user ${from.userId}`
    return [
      this.#counter('account', perAccount, `address ${email}`),
      this.#counter('account', perAccount, user),
      this.#counter('network', perNetwork, networkOf(from.address)),
    ]
  }

  /** The counter of somebody who is signed in already: a thief of one session keeps no other one from its owner. */
  forSession(publicId: string): Counter[] {
    return [this.#counter('session', this.#options.perAccount, publicId)]
  }

  /** The text is not stored: it may be somebody's address. */
  #counter(lane: Lane, free: number, text: string): Counter {
    return { lane, free, key: this.#signer.sign(`${lane} ${text}`) }
  }

  /** Throws `too_many_requests` while one of them has to wait. Writes nothing, so that a flood of attempts costs little. */
  async assertFree(counters: readonly Counter[]): Promise<void> {
    const keys = counters.map((each) => each.key)
    const rows = await this.#options.db
      .selectFrom('security_throttles')
      .select('blocked_until')
      .where('counter', 'in', keys)
      .execute()
    this.#assertNotBefore(Math.max(0, ...rows.map((row) => row.blocked_until)))
  }

  #assertNotBefore(blockedUntil: number): void {
    const wait = blockedUntil - this.#options.clock.now()
    if (wait > 0) throw tooManyRequests(wait)
  }

  /** Counts one attempt on all of them, or on none: throws `too_many_requests` while one of them has to wait. */
  async reserve(counters: readonly Counter[]): Promise<Reservation> {
    return whenFree(() => this.#options.db.transaction().execute((tx) => this.#reserve(tx, counters)))
  }

  async #reserve(tx: Tx, counters: readonly Counter[]): Promise<Reservation> {
    const { windowMs, clock } = this.#options
    const counts: { counter: Counter; before: Count }[] = []
    for (const counter of counters) counts.push({ counter, before: await lock(tx, counter.key) }) // always in this order
    this.#assertNotBefore(Math.max(...counts.map(({ before }) => before.blockedUntil)))
    const at = clock.now()
    let wait: Wait | null = null
    const held: Reservation['held'][number][] = []
    for (const { counter, before } of counts) {
      const after = counted(remembered(before, at), { free: counter.free, windowMs }, at)
      await write(tx, counter.key, after)
      held.push({ key: counter.key, at, blockedUntil: after.blockedUntil, blockedBefore: before.blockedUntil })
      const seconds = Math.round((after.blockedUntil - at) / 1000)
      if (seconds > (wait?.seconds ?? 0)) wait = { lane: counter.lane, seconds }
    }
    return { held, wait }
  }

  /** The attempt was right: it is counted no longer. Failures before it stay. */
  async giveBack({ held }: Reservation): Promise<void> {
    await whenFree(() =>
      this.#options.db.transaction().execute(async (tx) => {
        for (const made of held)
          await write(tx, made.key, givenBack(await lock(tx, made.key), made, this.#options.windowMs))
      }),
    )
  }

  /** Deletes what is forgotten. */
  async prune(): Promise<void> {
    const now = this.#options.clock.now()
    await whenFree(() => this.#options.db.deleteFrom('security_throttles').where('forget_at', '<=', now).execute())
  }
}

/** Reads a counter and locks it until the transaction ends: an upsert sees what is committed, whatever the isolation. */
async function lock(tx: Tx, key: string): Promise<Count> {
  const row = await tx
    .insertInto('security_throttles')
    .values({ counter: key, attempts: '[]', blocked_until: 0, forget_at: 0 })
    .onConflict((conflict) => conflict.column('counter').doUpdateSet({ counter: key }))
    .returningAll()
    .executeTakeFirstOrThrow()
  return {
    attempts: JSON.parse(row.attempts) as number[],
    blockedUntil: row.blocked_until,
    forgetAt: row.forget_at,
  }
}

async function write(tx: Tx, key: string, { attempts, blockedUntil, forgetAt }: Count): Promise<void> {
  const where = { blocked_until: blockedUntil, forget_at: forgetAt, attempts: JSON.stringify(attempts) }
  await tx.updateTable('security_throttles').set(where).where('counter', '=', key).execute()
}
