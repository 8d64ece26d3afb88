import type { Clock } from '../../core/clock.js'
import { randomToken, sha256 } from '../../core/crypto.js'
import { whenFree, type Database, type Tx } from '../../stores/sql/database.js'
import { hasSignedIn } from '../audit-log/audit-log.js'
import { lockEpoch } from '../users/users.js'

/** A device that was not seen for so long is forgotten. Browsers keep no cookie longer (RFC 6265bis, 5.5). */
export const KNOWN_MS = 400 * 86_400_000
const PER_USER = 20

/** Browsers in which a user has signed in. Such a browser has a lane of its own in the throttle; it opens nothing. */
export class KnownDevices {
  readonly #db: Database
  readonly #clock: Clock

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  /** The id of the device with this token, when it is one of that user's; null otherwise, after the same work. */
  async find(userId: string | null, token: string | null): Promise<string | null> {
    const row = await this.#db
      .selectFrom('security_known_devices')
      .select('token_hash')
      .where('token_hash', '=', sha256(token ?? ''))
      .where('user_id', '=', userId ?? '')
      .where('last_seen_at', '>', this.#clock.now() - KNOWN_MS)
      .executeTakeFirst()
    return row?.token_hash ?? null
  }

  /** True for a user who has signed in before, and is not known in the browser with this token: maybe in none, since a reset. */
  async isNew(userId: string, token: string | null): Promise<boolean> {
    const known = await this.#db
      .selectFrom('security_known_devices')
      .select('token_hash')
      .where('user_id', '=', userId)
      .where('last_seen_at', '>', this.#clock.now() - KNOWN_MS)
      .execute()
    if (known.some((row) => row.token_hash === sha256(token ?? ''))) return false
    return known.length > 0 || hasSignedIn(this.#db, userId)
  }

  /**
   * Notes that a user has signed in here. Returns the token for the browser to keep: the one that it has, when that
   * is known, else a new one. Null when the user's credential has changed meanwhile: a reset has forgotten all devices.
   */
  async remember(session: { userId: string; epoch: number }, token: string | null, label: string) {
    return whenFree(() =>
      this.#db.transaction().execute(async (tx) => {
        if (!(await lockEpoch(tx, session.userId, session.epoch))) return null
        return this.#remember(tx, session.userId, token, label)
      }),
    )
  }

  async #remember(tx: Tx, userId: string, token: string | null, label: string): Promise<string> {
    const now = this.#clock.now()
    if (token !== null) {
      const { numUpdatedRows } = await tx
        .updateTable('security_known_devices')
        .set({ last_seen_at: now, label })
        .where('token_hash', '=', sha256(token))
        .where('user_id', '=', userId)
        .executeTakeFirst()
      if (numUpdatedRows === 1n) return token
    }
    await makeRoom(tx, userId)
    const made = randomToken()
    const times = { created_at: now, last_seen_at: now }
    await tx
      .insertInto('security_known_devices')
      .values({ token_hash: sha256(made), user_id: userId, label, ...times })
      .execute()
    return made
  }

  /** Deletes what was not seen for too long. */
  async prune(): Promise<void> {
    const before = this.#clock.now() - KNOWN_MS
    await whenFree(() => this.#db.deleteFrom('security_known_devices').where('last_seen_at', '<=', before).execute())
  }
}

/** The device that was seen longest ago makes room for one more. */
async function makeRoom(tx: Tx, userId: string): Promise<void> {
  const rows = await tx
    .selectFrom('security_known_devices')
    .select('token_hash')
    .where('user_id', '=', userId)
    .orderBy('last_seen_at', 'desc')
    .orderBy('created_at', 'desc')
    .execute()
  const surplus = rows.slice(PER_USER - 1).map((row) => row.token_hash)
  if (surplus.length) await tx.deleteFrom('security_known_devices').where('token_hash', 'in', surplus).execute()
}

/**
 * After a reset no browser is known any more; in the transaction that sets the new password. Where a second factor is set
 * up, the one with this token stays: the password alone has made the others known, and each guesses on its own counter.
 */
export async function forgetDevices(tx: Tx, userId: string, but: string | null = null): Promise<void> {
  await tx
    .deleteFrom('security_known_devices')
    .where('user_id', '=', userId)
    .where('token_hash', '<>', sha256(but ?? ''))
    .execute()
}
