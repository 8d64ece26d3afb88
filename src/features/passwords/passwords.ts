import type { Clock } from '../../core/clock.js'
import { FormError, SecurityError } from '../../core/errors.js'
import type { User, UserDirectory } from '../../core/users.js'
import type { Change, Database } from '../../stores/sql/database.js'
import type { ChangeWhere } from '../sessions/record-changes.js'
import type { SessionRecord } from '../sessions/session.js'
import { BY_HOST, type By, type Sessions } from '../sessions/sessions.js'
import { readCredential, setPasswordHash } from '../users/users.js'
import { hashPassword, verifyHash } from './hashing.js'
import { personalWords, type RuleSet } from './rules.js'

/** Proof that a password was right: whose, and the epoch it was read under. */
export interface PasswordProof {
  user: User
  epoch: number
}

export type PasswordVerdict =
  { ok: true; proof: PasswordProof } | { ok: false; userId: string | null; reason: 'invalid_credentials' | 'disabled' }

interface Parts {
  db: Database
  clock: Clock
  users: UserDirectory
  sessions: Sessions
  rules: RuleSet
  /** The product's name and other words that no password may contain. */
  contextWords: readonly string[]
}

export interface PasswordForm {
  currentPassword: string
  newPassword: string
  confirmPassword: string
}

/** Passwords: verify, change, set. Whoever changes one ends the sessions that the old one opened. */
export class Passwords {
  readonly rules: RuleSet
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.rules = parts.rules
    this.#parts = parts
  }

  /** Verifies a sign-in. Unknown, disabled and password-less accounts do the same work as a wrong password (invariant 5). */
  async verify(email: string, password: string): Promise<PasswordVerdict> {
    const user = await this.#parts.users.findByEmail(email)
    const userId = user?.id ?? null
    const credential = await readCredential(this.#parts.db, userId ?? '')
    const right = await verifyHash(credential.passwordHash, password)
    if (!user || !right) return { ok: false, userId, reason: 'invalid_credentials' }
    if (user.disabled || credential.disabled) return { ok: false, userId, reason: 'disabled' }
    return { ok: true, proof: { user, epoch: credential.epoch } }
  }

  /** Verifies the password of a user who is signed in; the epoch it was read under, or null when it is wrong. */
  async verifyOwn(userId: string, password: string): Promise<number | null> {
    const { passwordHash, epoch } = await readCredential(this.#parts.db, userId)
    const right = await (passwordHash === null && this.#parts.users.verifiesPasswords
      ? this.#verifyAtHost(userId, password)
      : verifyHash(passwordHash, password))
    return right ? epoch : null
  }

  /** The host's table keeps this user's password. */
  async #verifyAtHost(userId: string, password: string): Promise<boolean> {
    const user = await this.#parts.users.findById(userId)
    return user !== null && !user.disabled && this.#parts.users.verifyPassword(user, password)
  }

  /** True when this user's password can be asked for, whoever keeps it. */
  async canVerify(userId: string): Promise<boolean> {
    return this.#parts.users.verifiesPasswords || (await this.stateOf(userId)).managedHere
  }

  /** What the Security page says: whether there is a password here at all, and since when (null: unknown). */
  async stateOf(userId: string): Promise<{ managedHere: boolean; changedAt: number | null }> {
    const { passwordHash, passwordChangedAt } = await readCredential(this.#parts.db, userId)
    return { managedHere: passwordHash !== null, changedAt: passwordChangedAt }
  }

  /** Refuses to go on for a user whose identity provider keeps the password. */
  async assertManagedHere(userId: string): Promise<void> {
    if (!(await this.stateOf(userId)).managedHere) throw new SecurityError('password_managed_by_idp')
  }

  /**
   * Changes a user's own password: the current one must be right, the new one must keep the rules. Every session but
   * `keep` ends, and that one goes on under its new id. Throws FormError for what must be typed again.
   */
  async change(
    user: Pick<User, 'id' | 'email' | 'name'>,
    form: PasswordForm,
    keep: { publicId: string; from: string; to: string },
    by: By,
  ): Promise<{ ended: number; kept: SessionRecord }> {
    const { passwordHash, epoch } = await readCredential(this.#parts.db, user.id)
    if (passwordHash === null) throw new SecurityError('password_managed_by_idp')
    const failing = this.rules.failing(form.newPassword, [...personalWords(user), ...this.#parts.contextWords])
    const fields: Record<string, string[]> = {}
    if (form.newPassword === form.currentPassword) failing.push('unchanged')
    if (failing.length) fields.newPassword = failing
    if (form.confirmPassword !== form.newPassword) fields.confirmPassword = ['mismatch']
    const right = await verifyHash(passwordHash, form.currentPassword)
    if (!right) fields.currentPassword = ['wrong_password']
    if (Object.keys(fields).length) throw new FormError(right ? 'password_rules' : 'invalid_credentials', fields)
    const outcome = await this.#write(user.id, form.newPassword, { keep, ifEpoch: epoch }, by)
    if (!outcome?.kept) throw new FormError('invalid_credentials', { currentPassword: ['wrong_password'] })
    return { ended: outcome.ended, kept: outcome.kept }
  }

  /** Sets a user's password without asking for the current one; for the host's own code. Ends all sessions of the user. */
  async set(userId: string, plain: string): Promise<void> {
    const user = await this.#parts.users.findById(userId)
    if (!user) throw new SecurityError('not_found')
    const failing = this.rules.failing(plain, [...personalWords(user), ...this.#parts.contextWords])
    if (failing.length) throw new FormError('password_rules', { newPassword: failing })
    await this.#write(userId, plain, {}, BY_HOST)
  }

  async #write(userId: string, plain: string, where: Pick<ChangeWhere, 'keep' | 'ifEpoch'>, by: By) {
    const hash = await hashPassword(plain)
    const at = this.#parts.clock.now()
    const work = async ({ tx, record }: Change, ended: number) => {
      await setPasswordHash(tx, userId, hash, at)
      await record<'auth.password_changed'>({
        action: 'auth.password_changed',
        userId,
        outcome: 'success',
        occurredAt: at,
        details: { sessionsRevoked: ended },
        ...by,
      })
    }
    return this.#parts.sessions.changeCredential({ userId, ...where }, 'password_changed', by, work)
  }
}
