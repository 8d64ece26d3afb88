import type { Clock } from '../../core/clock.js'
import { FormError } from '../../core/errors.js'
import type { Change, Changes } from '../../stores/sql/database.js'
import type { KnownDevices } from '../known-devices/known-devices.js'
import type { Passkeys } from '../passkeys/passkeys.js'
import { PasskeyRefusal } from '../passkeys/refusal.js'
import type { HashingLane } from '../passwords/hashing-lane.js'
import type { RecoveryCodes } from '../recovery-codes/recovery-codes.js'
import type { By } from '../sessions/sessions.js'
import type { Reservation, Throttle } from '../throttle/throttle.js'
import type { CodeRefusal, CodeVerdict, Totp } from '../totp/totp.js'

/** Who gives a second factor, and where: the token is that of a known device, or null. */
export interface Claimant {
  userId: string
  deviceToken: (userId: string) => string | null
  /** What a passkey's challenge must have been made for: a session's public id, or the hash of a half-finished sign-in. */
  boundTo: string
  by: By
}

/** What was given; one of them counts, the first that is there. `passkey` is the browser's answer, as JSON. */
export interface TypedFactor {
  code?: string | undefined
  recoveryCode?: string | undefined
  passkey?: string | undefined
}

/** What was proven. */
export interface Given {
  method: 'otp' | 'rc' | 'hwk'
  /** So many recovery codes are left, where one was used. */
  left?: number
  /** Uses it up, in the transaction of what it is good for; a code is used up already. */
  settle?: (change: Change) => Promise<void>
}

/** What a user could give. */
export interface Methods {
  code: boolean
  recoveryCode: boolean
  passkey: boolean
}

interface Parts {
  totp: Totp
  recoveryCodes: RecoveryCodes
  passkeys: Passkeys
  throttle: Throttle
  devices: KnownDevices
  lane: HashingLane
  changes: Changes
  clock: Clock
}

/**
 * The one verifier of second factors, whatever they are asked for (invariant 4). An attempt is counted before it is
 * looked at; ten failures in a row, over all factors and all places, and the next ones have to wait.
 */
export class SecondFactors {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async methodsOf(userId: string): Promise<Methods> {
    const { totp, recoveryCodes, passkeys } = this.#parts
    const [enabledAt, codes, count] = await Promise.all([
      totp.enabledAt(userId),
      recoveryCodes.left(userId),
      passkeys.count(userId),
    ])
    return { code: enabledAt !== null, recoveryCode: (codes?.left ?? 0) > 0, passkey: count > 0 }
  }

  /** Verifies what was given. Throws FormError with the reason under its field, or `too_many_requests`. */
  async verify(who: Claimant, { code, recoveryCode, passkey }: TypedFactor): Promise<Given> {
    const { totp, passkeys } = this.#parts
    if (code !== undefined) {
      await this.counted(who, 'otp', async () => refuse(await totp.verify(who.userId, code), 'code'))
      return { method: 'otp' }
    }
    if (recoveryCode !== undefined)
      return { method: 'rc', left: await this.counted(who, 'rc', () => this.#recoveryCode(who, recoveryCode)) }
    if (passkey === undefined) throw new FormError('invalid_form', { code: ['required'] })
    const { settle } = await this.counted(who, 'hwk', () =>
      passkeys.verify(passkey, { userId: who.userId, boundTo: who.boundTo }),
    )
    return { method: 'hwk', settle }
  }

  async #recoveryCode({ userId, by }: Claimant, typed: string): Promise<number> {
    const { lane, recoveryCodes } = this.#parts
    const left = await lane.run(() => recoveryCodes.use(userId, typed, by))
    if (left === null) throw new FormError('invalid_code', { recoveryCode: ['invalid_recovery_code'] })
    return left
  }

  /** Runs a check under the counters of second factors. One that throws a FormError was wrong; that is written down. */
  async counted<T>(who: Claimant, method: 'otp' | 'rc' | 'hwk', check: () => Promise<T>): Promise<T> {
    const { throttle, devices } = this.#parts
    const device = await devices.find(who.userId, who.deviceToken(who.userId))
    const reservation = await throttle.reserve(throttle.forFactors({ userId: who.userId, device }))
    try {
      const result = await check()
      await throttle.forget(reservation)
      return result
    } catch (error) {
      if (error instanceof FormError) await this.#failed(who, method, error, reservation)
      else await throttle.giveBack(reservation) // nobody looked at it: the lane was full, or a store gone
      throw error
    }
  }

  async #failed({ userId, by }: Claimant, method: 'otp' | 'rc' | 'hwk', error: FormError, { wait }: Reservation) {
    const common = { userId, outcome: 'failure' as const, occurredAt: this.#parts.clock.now(), ...by }
    await this.#parts.changes.run(async ({ record }) => {
      const details = { method, reason: error instanceof PasskeyRefusal ? error.reason : error.code }
      await record<'auth.second_factor_failed'>({ action: 'auth.second_factor_failed', details, ...common })
      if (!wait) return
      const { seconds } = wait
      await record<'auth.second_factor_throttled'>({
        action: 'auth.second_factor_throttled',
        details: { seconds },
        ...common,
      })
    })
  }
}

/** Throws why a code was refused, under the field it was typed in. */
export function refuse(verdict: CodeVerdict, field: string): void {
  if (verdict.ok) return
  throw codeError(verdict, field)
}

export function codeError(refusal: CodeRefusal, field: string): FormError {
  if (refusal.why === 'clock')
    return new FormError('invalid_code', { [field]: ['clock'] }, { clockOffBySeconds: Math.abs(refusal.driftS) })
  return new FormError(refusal.why, { [field]: [refusal.why] })
}
