import type { Clock } from '../../core/clock.js'
import { randomToken, sha256 } from '../../core/crypto.js'
import type { EventAction } from '../../core/events.js'
import { whenFree, type Changes, type Database, type InTransaction, type Tx } from '../../stores/sql/database.js'
import type { TrustedBrowserRow } from '../../stores/sql/schema.js'
import { deleteOld } from '../../stores/sql/delete-old.js'
import type { By } from '../sessions/sessions.js'

const PER_USER = 20

interface Parts {
  db: Database
  changes: Changes
  clock: Clock
  /** For so long, in milliseconds; null: no browser is trusted. */
  trustMs: number | null
}

/**
 * Browsers that are not asked for the second factor for a while. Being trusted proves nothing: it adds nothing to amr
 * and never satisfies a step-up. All are forgotten when the password or a factor changes.
 */
export class TrustedBrowsers {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** For how many days a browser can be trusted; null: none is. */
  get days(): number | null {
    return this.#parts.trustMs === null ? null : Math.max(1, Math.round(this.#parts.trustMs / 86_400_000))
  }

  get trustMs(): number | null {
    return this.#parts.trustMs
  }

  async isTrusted(userId: string, token: string | null): Promise<boolean> {
    if (token === null || this.#parts.trustMs === null) return false
    const now = this.#parts.clock.now()
    const { numUpdatedRows } = await whenFree(() =>
      this.#parts.db
        .updateTable('security_trusted_browsers')
        .set({ last_used_at: now })
        .where('token_hash', '=', sha256(token))
        .where('user_id', '=', userId)
        .where('expires_at', '>', now)
        .executeTakeFirst(),
    )
    return numUpdatedRows === 1n
  }

  /** Trusts a browser, in the transaction that registers its session; `token` is for its cookie. */
  async trust({ tx, record }: Parameters<Parameters<Changes['run']>[0]>[0], userId: string, token: string, by: By) {
    const { trustMs, clock } = this.#parts
    if (trustMs === null) return
    const now = clock.now()
    const id = randomToken(12)
    await makeRoom(tx, userId)
    await tx
      .insertInto('security_trusted_browsers')
      .values({
        id,
        user_id: userId,
        token_hash: sha256(token),
        user_agent: by.origin.userAgent?.slice(0, 512) ?? null,
        ip: by.origin.ip,
        created_at: now,
        last_used_at: now,
        expires_at: now + trustMs,
      })
      .execute()
    await record<'auth.browser_trusted'>({
      action: 'auth.browser_trusted',
      userId,
      outcome: 'success',
      occurredAt: now,
      details: { browserId: id },
      ...by,
    })
  }

  async list(userId: string): Promise<TrustedBrowserRow[]> {
    return this.#parts.db
      .selectFrom('security_trusted_browsers')
      .selectAll()
      .where('user_id', '=', userId)
      .where('expires_at', '>', this.#parts.clock.now())
      .orderBy('last_used_at', 'desc')
      .execute()
  }

  /** Trusts one no longer. False: it is not one of that user's. */
  async remove(userId: string, id: string, by: By): Promise<boolean> {
    return this.#parts.changes.run(async ({ tx, record }) => {
      const { numDeletedRows } = await tx
        .deleteFrom('security_trusted_browsers')
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .executeTakeFirst()
      if (numDeletedRows !== 1n) return false
      await record<'auth.trusted_browser_removed'>({
        action: 'auth.trusted_browser_removed',
        userId,
        outcome: 'success',
        occurredAt: this.#parts.clock.now(),
        details: { browserId: id },
        ...by,
      })
      return true
    })
  }

  /** Deletes those whose time is over. */
  async prune(): Promise<void> {
    const { db, clock } = this.#parts
    await deleteOld(db, 'security_trusted_browsers', { key: 'id', column: 'expires_at', before: clock.now() })
  }
}

/** What makes the password or a factor another one, or says that somebody else may have trusted a browser. */
const ENDS_TRUST: ReadonlySet<EventAction> = new Set<EventAction>([
  'auth.password_changed',
  'auth.password_reset',
  'auth.2fa_enabled',
  'auth.2fa_disabled',
  'auth.2fa_recovery_codes_regenerated',
  'auth.2fa_reset',
  'auth.passkey_added',
  'auth.passkey_removed',
  'auth.not_me',
])

/** Forgets a user's trusted browsers, in the transaction of what ends the trust. */
export const forgetTrustedBrowsers: InTransaction = async (tx, { action, userId }) => {
  if (userId === null || !ENDS_TRUST.has(action)) return
  await tx.deleteFrom('security_trusted_browsers').where('user_id', '=', userId).execute()
}

/** The one unused for longest makes room. */
async function makeRoom(tx: Tx, userId: string): Promise<void> {
  const rows = await tx
    .selectFrom('security_trusted_browsers')
    .select('id')
    .where('user_id', '=', userId)
    .orderBy('last_used_at', 'desc')
    .execute()
  const surplus = rows.slice(PER_USER - 1).map(({ id }) => id)
  if (surplus.length) await tx.deleteFrom('security_trusted_browsers').where('id', 'in', surplus).execute()
}
