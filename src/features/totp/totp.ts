import type { Clock } from '../../core/clock.js'
import type { Envelopes } from '../../core/envelope.js'
import { whenFree, type Database, type Tx } from '../../stores/sql/database.js'
import { matchCode, newSecret, otpauthUrl } from './codes.js'

/** A QR code that nobody has confirmed by then is worth nothing. */
export const ENROLMENT_MS = 600_000

const FIELD = 'totp secret'
const PENDING = 'totp pending secret'

/** Why a code was refused. `driftS`: the clock that made it seems to be so many seconds ahead (negative: behind). */
export type CodeRefusal =
  { ok: false; why: 'invalid_code' | 'code_already_used' } | { ok: false; why: 'clock'; driftS: number }
export type CodeVerdict = { ok: true } | CodeRefusal

/** A secret that waits for its first code. */
export interface Enrolment {
  secret: string
  otpauthUrl: string
  /** Milliseconds since the epoch. */
  expiresAt: number
}

/** A code that fits a pending secret; `write` turns it on, in the transaction of the change. */
export interface Confirmation {
  /** False: another request was first, the enrolment was replaced, or the time step is used. */
  write: (tx: Tx, at: number) => Promise<boolean>
}

interface Parts {
  db: Database
  clock: Clock
  envelopes: Envelopes
  /** The name that apps show beside the account. */
  issuer: string
}

/**
 * Authenticator apps (RFC 6238). A time step is accepted once per user, whatever it is used for (invariant 4): one
 * conditional write moves `last_step` on, so neither two processes nor a clock that is set back accept a code twice.
 */
export class Totp {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** When it was turned on, milliseconds since the epoch; null: it is off. */
  async enabledAt(userId: string): Promise<number | null> {
    const row = await this.#row(userId)
    return row?.secret ? row.enabled_at : null
  }

  /** Makes a secret that waits to be confirmed by `by` (a session or a half-finished sign-in); the one before it is dropped. */
  async begin(user: { id: string; email: string }, by: string): Promise<Enrolment> {
    const secret = newSecret()
    const pending_until = this.#parts.clock.now() + ENROLMENT_MS
    const pending_secret = this.#parts.envelopes.seal(secret, { owner: user.id, field: PENDING })
    const pending = { pending_secret, pending_by: by, pending_until }
    await whenFree(() =>
      this.#parts.db
        .insertInto('security_totp')
        .values({ user_id: user.id, secret: null, enabled_at: null, last_step: 0, ...pending })
        .onConflict((conflict) => conflict.column('user_id').doUpdateSet(pending))
        .execute(),
    )
    return { secret, otpauthUrl: otpauthUrl(secret, this.#parts.issuer, user.email), expiresAt: pending_until }
  }

  /** What waits to be confirmed by `by`: the enrolment, `expired`, or null when there is none. */
  async pending(user: { id: string; email: string }, by: string): Promise<Enrolment | 'expired' | null> {
    const row = await this.#row(user.id)
    if (!row?.pending_secret || row.pending_by !== by) return null
    if (row.pending_until! <= this.#parts.clock.now()) return 'expired'
    const secret = this.#parts.envelopes.open(row.pending_secret, { owner: user.id, field: PENDING })
    return { secret, otpauthUrl: otpauthUrl(secret, this.#parts.issuer, user.email), expiresAt: row.pending_until! }
  }

  /** Compares a code with the pending secret. Null: there is none any more. Writes nothing yet. */
  async confirmation(userId: string, by: string, code: string): Promise<Confirmation | CodeRefusal | null> {
    const row = await this.#row(userId)
    const now = this.#parts.clock.now()
    if (!row?.pending_secret || row.pending_by !== by || row.pending_until! <= now) return null
    const { envelopes } = this.#parts
    const secret = envelopes.open(row.pending_secret, { owner: userId, field: PENDING })
    const match = await matchCode(secret, code, now)
    const refusal = refusalOf(match, row.last_step)
    if (refusal || match.kind !== 'step') return refusal ?? { ok: false, why: 'invalid_code' }
    const sealed = envelopes.seal(secret, { owner: userId, field: FIELD })
    return {
      write: async (tx, at) => {
        const { numUpdatedRows } = await tx
          .updateTable('security_totp')
          .set({ secret: sealed, enabled_at: at, last_step: match.step, ...NOTHING_PENDING })
          .where('user_id', '=', userId)
          .where('pending_by', '=', by)
          .where('pending_until', '=', row.pending_until) // not the envelope itself: a rotation of keys re-seals it
          .where('last_step', '<', match.step)
          .executeTakeFirst()
        return numUpdatedRows === 1n
      },
    }
  }

  /**
   * Verifies a code and uses its time step up. Only of a code that is over already is it said that the clock is wrong: whoever
   * guesses would learn one that is still to come, and wait for it.
   */
  async verify(userId: string, code: string): Promise<CodeVerdict> {
    const row = await this.#row(userId)
    if (!row?.secret) return { ok: false, why: 'invalid_code' }
    const secret = this.#parts.envelopes.open(row.secret, { owner: userId, field: FIELD })
    const match = await matchCode(secret, code, this.#parts.clock.now())
    const refusal = match.kind === 'drift' && match.driftS > 0 ? null : refusalOf(match, row.last_step)
    if (refusal || match.kind !== 'step') return refusal ?? { ok: false, why: 'invalid_code' }
    const { numUpdatedRows } = await whenFree(() =>
      this.#parts.db
        .updateTable('security_totp')
        .set({ last_step: match.step })
        .where('user_id', '=', userId)
        .where('secret', 'is not', null)
        .where('enabled_at', '=', row.enabled_at) // still the one it was compared with
        .where('last_step', '<', match.step)
        .executeTakeFirst(),
    )
    return numUpdatedRows === 1n ? { ok: true } : { ok: false, why: 'code_already_used' }
  }

  /** Erases the secret, in the transaction that turns two-factor off. The used time steps stay. */
  async erase(tx: Tx, userId: string): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('security_totp')
      .set({ secret: null, enabled_at: null, ...NOTHING_PENDING })
      .where('user_id', '=', userId)
      .where('secret', 'is not', null)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async #row(userId: string) {
    return this.#parts.db.selectFrom('security_totp').selectAll().where('user_id', '=', userId).executeTakeFirst()
  }

  /** Erases secrets that nobody has confirmed in time: they are of no use to anybody but a thief of the database. */
  async prune(): Promise<void> {
    const { db, clock } = this.#parts
    await whenFree(() =>
      db
        .updateTable('security_totp')
        .set({ pending_secret: null })
        .where('pending_secret', 'is not', null)
        .where('pending_until', '<=', clock.now() - ENROLMENT_MS)
        .execute(),
    )
  }
}

const NOTHING_PENDING = { pending_secret: null, pending_by: null, pending_until: null }

function refusalOf(match: Awaited<ReturnType<typeof matchCode>>, lastStep: number): CodeRefusal | null {
  if (match.kind === 'none') return { ok: false, why: 'invalid_code' }
  if (match.kind === 'drift') return { ok: false, why: 'clock', driftS: match.driftS }
  return match.step <= lastStep ? { ok: false, why: 'code_already_used' } : null
}
