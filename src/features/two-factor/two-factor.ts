import type { Clock } from '../../core/clock.js'
import { FormError, SecurityError, type ErrorCode } from '../../core/errors.js'
import type { EventCatalogue } from '../../core/events.js'
import type { AuthenticationMethod, UserDirectory } from '../../core/users.js'
import type { Change } from '../../stores/sql/database.js'
import { forgetDevices } from '../known-devices/known-devices.js'
import { erasePasskeys } from '../passkeys/erase.js'
import type { Passkeys } from '../passkeys/passkeys.js'
import type { RecoveryCodes } from '../recovery-codes/recovery-codes.js'
import type { Kept } from '../sessions/keep-session.js'
import type { SessionRecord } from '../sessions/session.js'
import { BY_HOST, type By, type Sessions } from '../sessions/sessions.js'
import type { Totp } from '../totp/totp.js'
import type { Enforced } from './gate.js'
import { codeError, type Claimant, type SecondFactors, type TypedFactor } from './second-factors.js'

/** The session that a change leaves, or the half-finished sign-in that makes it. */
export type Continues = { session: SessionRecord; from: string; to: string } | { halfFinished: string; epoch: number }

export interface Enabled {
  recoveryCodes: string[]
  generation: string
  /** Another authenticator was set up before. */
  replaced: boolean
  /** The new epoch, for a sign-in that goes on with it. */
  epoch: number
  /** The session under its new id; null where a half-finished sign-in goes on. */
  kept: SessionRecord | null
}

/** Why an operator resets somebody's factors, and whether the passkeys are lost too. */
export interface Reset {
  reason: string
  passkeys?: boolean | undefined
}

export interface Removed {
  /** An authenticator app was set up. */
  wasEnabled: boolean
  passkeysRemoved: number
  sessionsRevoked: number
}

interface Parts {
  totp: Totp
  recoveryCodes: RecoveryCodes
  factors: SecondFactors
  passkeys: Pick<Passkeys, 'count'>
  sessions: Sessions
  users: UserDirectory
  enforced: Enforced
  clock: Clock
}

/** Turns two-factor on and off. Every such change ends the user's other sessions. */
export class TwoFactor {
  readonly #parts: Parts
  /** Whose new codes are being hashed. */
  readonly #making = new Set<string>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Binds the authenticator whose secret waits, with its first code, and makes new recovery codes. Throws FormError for a
   * wrong code, and `challenge_void` when the enrolment has expired, was replaced or is done already.
   */
  async enable(who: Claimant, goesOn: Continues, code: string): Promise<Enabled> {
    const { userId, by } = who
    const { totp, factors } = this.#parts
    const enroller = 'session' in goesOn ? goesOn.session.publicId : goesOn.halfFinished
    const confirmation = await factors.counted(who, 'otp', async () => {
      const found = await totp.confirmation(userId, enroller, code)
      // thrown in here: nothing was compared, so no failure before it is forgotten
      if (!found) throw new SecurityError('challenge_void')
      if ('ok' in found) throw codeError(found, 'code')
      return found
    })
    const replaced = (await totp.enabledAt(userId)) !== null
    const made = await this.#makeCodes(userId, 'challenge_void')
    const outcome = await this.#change(who, goesOn, ['otp'], async (change, sessionsRevoked) => {
      const at = this.#parts.clock.now()
      await this.#assertOwed(change, userId, goesOn)
      if (!(await confirmation.write(change.tx, at))) throw new FormError('code_already_used', USED)
      await made.write(change.tx, userId, at)
      await forgetDevices(change.tx, userId, who.deviceToken(userId))
      await change.record<'auth.2fa_enabled'>({
        action: 'auth.2fa_enabled',
        userId,
        outcome: 'success',
        occurredAt: at,
        details: { sessionsRevoked, replaced },
        ...by,
      })
    })
    return { recoveryCodes: made.codes, generation: made.generation, replaced, ...outcome }
  }

  /** Eight hashes: whoever sends a hundred such forms at once must not hold up everybody who sets a password. */
  async #makeCodes(userId: string, refusal: ErrorCode) {
    if (this.#making.has(userId)) throw new SecurityError(refusal)
    this.#making.add(userId)
    return this.#parts.recoveryCodes.make().finally(() => this.#making.delete(userId))
  }

  /** A password alone sets up the first factor and no other one: a passkey may have been added since it was typed. */
  async #assertOwed({ tx }: Change, userId: string, goesOn: Continues): Promise<void> {
    if ('halfFinished' in goesOn && (await this.#parts.passkeys.count(userId, tx)) > 0)
      throw new SecurityError('challenge_void')
  }

  /**
   * Turns two-factor off for a user who gives a second factor. Throws `two_factor_enforced` where it must stay, FormError
   * for what is wrong. A recovery code does as well: the phone may be lost.
   */
  async disable(who: Claimant, goesOn: Extract<Continues, { session: unknown }>, typed: TypedFactor) {
    const user = await this.#parts.users.findById(who.userId)
    if (!user) throw new SecurityError('not_found')
    if (await this.#parts.enforced(user)) throw new SecurityError('two_factor_enforced')
    const { method, settle } = await this.#parts.factors.verify(who, typed)
    const { by } = who
    return this.#change(who, goesOn, [method], async (change, sessionsRevoked) => {
      await settle?.(change)
      const event = { action: 'auth.2fa_disabled', details: { sessionsRevoked }, by } as const
      await this.#erase(change, who.userId, event)
    })
  }

  /**
   * New recovery codes in the place of those of `generation`; `write` is for the transaction that renews the session of
   * who asks: one that has ended meanwhile replaces nothing. That throws `already_done` when those codes are gone.
   */
  async regenerate({ userId, by }: Pick<Claimant, 'userId' | 'by'>, generation: string) {
    const { recoveryCodes, totp, clock } = this.#parts
    if ((await totp.enabledAt(userId)) === null) throw new SecurityError('forbidden')
    const made = await this.#makeCodes(userId, 'already_done')
    const write = async ({ tx, record }: Change) => {
      if (!(await recoveryCodes.isCurrent(tx, userId, generation))) throw new SecurityError('already_done')
      const at = clock.now()
      await made.write(tx, userId, at)
      await record<'auth.2fa_recovery_codes_regenerated'>({
        action: 'auth.2fa_recovery_codes_regenerated',
        userId,
        outcome: 'success',
        occurredAt: at,
        details: {},
        ...by,
      })
    }
    return { write, shown: { recoveryCodes: made.codes, generation: made.generation } }
  }

  /**
   * Removes authenticator and recovery codes of somebody who has lost them; all sessions end. For operators. A passkey
   * stays, unless `passkeys` says that it is lost too: whoever still has it at hand can sign in and set up the rest anew.
   * Throws FormError when there is no reason, and `not_found` for nobody.
   */
  async reset(userId: string, { reason, passkeys = false }: Reset): Promise<Removed> {
    const why = reasonOf(reason)
    if (!(await this.#parts.users.findById(userId))) throw new SecurityError('not_found')
    const removed: Removed = { wasEnabled: false, passkeysRemoved: 0, sessionsRevoked: 0 }
    const both = async (change: Change, sessionsRevoked: number) => {
      const passkeysRemoved = passkeys ? await erasePasskeys(change.tx, userId) : 0
      const details = { reason: why, sessionsRevoked, passkeysRemoved }
      const wasEnabled = await this.#erase(change, userId, { action: 'auth.2fa_reset', details, by: BY_HOST })
      Object.assign(removed, { wasEnabled, passkeysRemoved, sessionsRevoked })
    }
    await this.#parts.sessions.changeCredential({ userId }, 'factor_changed', BY_HOST, both)
    return removed
  }

  async #erase(
    { tx, record }: Change,
    userId: string,
    event:
      | { action: 'auth.2fa_disabled'; details: { sessionsRevoked: number }; by: By }
      | { action: 'auth.2fa_reset'; details: EventCatalogue['auth.2fa_reset']; by: By },
  ): Promise<boolean> {
    const { totp, recoveryCodes, clock } = this.#parts
    const was = await totp.erase(tx, userId)
    if (!was && event.action === 'auth.2fa_disabled') throw new SecurityError('already_done')
    await recoveryCodes.erase(tx, userId)
    const { by, ...rest } = event
    await record({ ...rest, userId, outcome: 'success', occurredAt: clock.now(), ...by })
    return was
  }

  /** Step 5 of the protocol: the epoch is raised, every session but this one ends, and this one gets a new id and the fresh proof. */
  async #change(
    { userId, by }: Claimant,
    goesOn: Continues,
    proven: AuthenticationMethod['method'][],
    work: (change: Change, ended: number) => Promise<void>,
  ): Promise<{ epoch: number; ended: number; kept: SessionRecord | null }> {
    const where =
      'session' in goesOn ? { keep: kept(goesOn, proven, this.#parts.clock.now()) } : { ifEpoch: goesOn.epoch }
    const outcome = await this.#parts.sessions.changeCredential({ userId, ...where }, 'factor_changed', by, work)
    if (!outcome) throw new SecurityError('challenge_void')
    return outcome
  }
}

/** It stands in the audit log for ever. */
const REASON_LENGTH = 500

function reasonOf(given: unknown): string {
  const reason = typeof given === 'string' ? given.trim() : ''
  if (reason === '') throw new FormError('invalid_form', { reason: ['required'] })
  if (reason.length > REASON_LENGTH || reason.includes('\0'))
    throw new FormError('invalid_form', { reason: ['invalid'] })
  return reason
}

const USED = { code: ['code_already_used'] }

/** The session's methods with those that were proven just now. */
function kept(
  { session, from, to }: Extract<Continues, { session: unknown }>,
  methods: AuthenticationMethod['method'][],
  at: number,
): Kept {
  const others = session.amr.filter(({ method }) => !methods.includes(method))
  const amr = [...others, ...methods.map((method) => ({ method, at }))]
  return { publicId: session.publicId, from, to, proof: { amr, authenticatedAt: at } }
}
