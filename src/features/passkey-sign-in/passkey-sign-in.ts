import type { UserDirectory } from '../../core/users.js'
import type { Changes, Database } from '../../stores/sql/database.js'
import type { KnownDevices } from '../known-devices/known-devices.js'
import type { Whence } from '../passwords/passwords.js'
import type { FailedSignIn, Proven } from '../sign-in/complete-sign-in.js'
import type { Throttle, Wait } from '../throttle/throttle.js'
import { readCredential } from '../users/users.js'
import type { Passkeys } from '../passkeys/passkeys.js'
import { PasskeyRefusal } from '../passkeys/refusal.js'

export type PasskeyVerdict =
  | { ok: true; proof: Pick<Proven, 'user' | 'epoch' | 'settle'> }
  | { ok: false; userId: string | null; reason: FailedSignIn; wait: Wait | null }

interface Parts {
  db: Database
  changes: Changes
  passkeys: Passkeys
  users: UserDirectory
  throttle: Throttle
  devices: KnownDevices
}

/** A sign-in by passkey alone: user verification is required, so it is both factors. */
export class PasskeySignIn {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Verifies the answer to a challenge that was made for `boundTo`. Counted before it is looked at, on the counter of its
   * owner's second factors, or of the network where it is nobody's. Throws `too_many_requests` while there is to wait.
   */
  async verify(answer: unknown, boundTo: string | null, whence: Whence): Promise<PasskeyVerdict> {
    const { passkeys, throttle, devices } = this.#parts
    const userId = await passkeys.ownerOf(answer)
    if (userId === null) {
      const { wait } = await throttle.reserve(throttle.forUnknownPasskey(whence.address))
      return { ok: false, userId, reason: 'invalid_passkey', wait }
    }
    const device = await devices.find(userId, whence.deviceToken(userId))
    const reservation = await throttle.reserve(throttle.forFactors({ userId, device }))
    try {
      const proof = await this.#prove(answer, { userId, boundTo })
      if (!proof) return { ok: false, userId, reason: 'disabled', wait: reservation.wait }
      await throttle.forget(reservation)
      return { ok: true, proof }
    } catch (error) {
      if (error instanceof PasskeyRefusal) return { ok: false, userId, reason: error.reason, wait: reservation.wait }
      await throttle.giveBack(reservation) // nobody looked at it: a store was gone
      throw error
    }
  }

  /**
   * The same, and uses the challenge up at once: for an app whose sessions are not ours, so that nothing of ours would
   * settle it.
   */
  async verifyAndSettle(answer: unknown, boundTo: string | null, whence: Whence): Promise<PasskeyVerdict> {
    const verdict = await this.verify(answer, boundTo, whence)
    if (!verdict.ok) return verdict
    const { settle, ...proof } = verdict.proof
    try {
      await this.#parts.changes.run(async (change) => settle?.(change))
      return { ok: true, proof }
    } catch (error) {
      if (!(error instanceof PasskeyRefusal)) throw error
      return { ok: false, userId: proof.user.id, reason: error.reason, wait: null }
    }
  }

  /** Null: it is right, but the account is disabled, or gone. */
  async #prove(answer: unknown, who: { userId: string; boundTo: string | null }) {
    const { passkeys, users, db } = this.#parts
    const { epoch, disabled } = await readCredential(db, who.userId) // before it is verified (step 6)
    const { settle } = await passkeys.verify(answer, who)
    const user = await users.findById(who.userId)
    return user && !user.disabled && !disabled ? { user, epoch, settle } : null
  }
}
