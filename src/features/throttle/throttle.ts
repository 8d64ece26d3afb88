import type { Clock } from '../../core/clock.js'
import { Signer } from '../../core/crypto.js'
import { tooManyRequests } from '../../core/errors.js'
import { networkOf } from '../../core/addresses.js'
import { whenFree, type Database, type Tx } from '../../stores/sql/database.js'
import { counted, givenBack, remembered, type Count, type Made } from './counting.js'

/** Whose failures are counted together. */
export type Lane = 'account' | 'network' | 'device' | 'session' | 'factor'

/** A counter that an attempt counts on, and how many failures are free there. */
export interface Counter {
  lane: Lane
  key: string
  free: number
  /** Failures are forgotten so long after the last one and its wait, in milliseconds. */
  windowMs: number
}

/** A wait that an attempt begins, unless it turns out to be right. */
export interface Wait {
  lane: Lane
  seconds: number
}

/** An attempt that has been counted, and may go on to be verified. */
export interface Reservation {
  held: readonly (Made & { key: string; windowMs: number })[]
  wait: Wait | null
}

/** Wrong codes in a row that cost nothing (invariant 4). */
const FACTOR_FAILURES = 10
/** A row of them is not broken by waiting a while: nine every quarter of an hour would find a code of six digits. */
const FACTOR_WINDOW_MS = 86_400_000

/** So many mails may be asked for from one network, before it has to wait. */
const MAILS_PER_NETWORK = 20

/** An address as it is counted, however it was typed. */
const plain = (email: string): string => email.trim().normalize('NFKC').toLowerCase()

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
    const email = plain(from.email)
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

  /** The counter of second factors, over all of them. A known device of the user is a lane of its own here too. */
  forFactors({ userId, device }: { userId: string; device: string | null }): Counter[] {
    const whose = device === null ? `user ${userId}` : `device ${device}`
    return [{ ...this.#counter('factor', FACTOR_FAILURES, whose), windowMs: FACTOR_WINDOW_MS }]
  }

  /** The counter of a passkey that nobody has: it is no user's, so only where it comes from counts. */
  forUnknownPasskey(address: string | null): Counter[] {
    return [this.#counter('network', this.#options.perNetwork, networkOf(address))]
  }

  /** The counter of the mails that one user asks for, however the address is written; for `claim`, which reads no `free`. */
  forMail(userId: string): Counter[] {
    return [this.#counter('account', 1, `mail user ${userId}`)]
  }

  /** The counter of a network that asks for mails. */
  forMailsFrom(address: string | null): Counter[] {
    return [this.#counter('network', MAILS_PER_NETWORK, `mails ${networkOf(address)}`)]
  }

  /** The text is not stored: it may be somebody's address. */
  #counter(lane: Lane, free: number, text: string): Counter {
    return { lane, free, windowMs: this.#options.windowMs, key: this.#signer.sign(`${lane} ${text}`) }
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
    const { clock } = this.#options
    const counts = await lock(tx, counters)
    this.#assertNotBefore(Math.max(...counts.map(({ before }) => before.blockedUntil)))
    const at = clock.now()
    const after = counts.map(({ lane, key, free, windowMs, before }) => {
      return { lane, key, windowMs, before, after: counted(remembered(before, at), { free, windowMs }, at) }
    })
    await write(tx, after)
    const held = after.map(({ key, windowMs, before, after: { blockedUntil } }) => {
      return { key, windowMs, at, blockedUntil, blockedBefore: before.blockedUntil }
    })
    return { held, wait: longestWait(after, at) }
  }

  /** True for one of all who claim these in `ms` milliseconds, on however many processes. */
  async claim(counters: readonly Counter[], ms: number): Promise<boolean> {
    return whenFree(() =>
      this.#options.db.transaction().execute(async (tx) => {
        const counts = await lock(tx, counters)
        const now = this.#options.clock.now()
        if (counts.some(({ before }) => before.blockedUntil > now)) return false
        const after = { attempts: [], blockedUntil: now + ms, forgetAt: now + ms }
        await write(
          tx,
          counts.map(({ key }) => ({ key, after })),
        )
        return true
      }),
    )
  }

  /** The attempt was right: it is counted no longer. Failures before it stay. */
  async giveBack({ held }: Reservation): Promise<void> {
    await whenFree(() =>
      this.#options.db.transaction().execute(async (tx) => {
        const counts = await lock(tx, held)
        const after = counts.map((made) => ({
          key: made.key,
          after: givenBack(made.before, made, made.windowMs),
        }))
        await write(tx, after)
      }),
    )
  }

  /** The attempt was right, and only failures in a row count there: all of them are forgotten. */
  async forget({ held }: Reservation): Promise<void> {
    const keys = held.map(({ key }) => key)
    await whenFree(() => this.#options.db.deleteFrom('security_throttles').where('counter', 'in', keys).execute())
  }

  /** Deletes what is forgotten. */
  async prune(): Promise<void> {
    const now = this.#options.clock.now()
    await whenFree(() => this.#options.db.deleteFrom('security_throttles').where('forget_at', '<=', now).execute())
  }
}

/** The longest wait that begins at `at`, if there is one. */
function longestWait(counts: readonly { lane: Lane; after: Count }[], at: number): Wait | null {
  const waits = counts.map(({ lane, after }) => ({ lane, seconds: Math.round((after.blockedUntil - at) / 1000) }))
  return waits.reduce<Wait | null>((longest, each) => (each.seconds > (longest?.seconds ?? 0) ? each : longest), null)
}

/**
 * Reads counters and locks them until the transaction ends: an upsert sees what is committed, whatever the isolation.
 * Account, user and network are always locked in this order, so that no two transactions wait for each other.
 */
async function lock<C extends { key: string }>(tx: Tx, counters: readonly C[]): Promise<(C & { before: Count })[]> {
  const rows = await tx
    .insertInto('security_throttles')
    .values(counters.map(({ key }) => ({ counter: key, attempts: '[]', blocked_until: 0, forget_at: 0 })))
    .onConflict((conflict) => conflict.column('counter').doUpdateSet((eb) => ({ counter: eb.ref('excluded.counter') })))
    .returningAll()
    .execute()
  const found = new Map(rows.map((row) => [row.counter, row]))
  return counters.map((counter) => {
    const row = found.get(counter.key)!
    const attempts = JSON.parse(row.attempts) as number[]
    return { ...counter, before: { attempts, blockedUntil: row.blocked_until, forgetAt: row.forget_at } }
  })
}

async function write(tx: Tx, counts: readonly { key: string; after: Count }[]): Promise<void> {
  const rows = counts.map(({ key, after }) => ({
    counter: key,
    attempts: JSON.stringify(after.attempts),
    blocked_until: after.blockedUntil,
    forget_at: after.forgetAt,
  }))
  await tx
    .insertInto('security_throttles')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('counter').doUpdateSet((eb) => ({
        attempts: eb.ref('excluded.attempts'),
        blocked_until: eb.ref('excluded.blocked_until'),
        forget_at: eb.ref('excluded.forget_at'),
      })),
    )
    .execute()
}
