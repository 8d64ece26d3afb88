import type { Clock } from '../../core/clock.js'
import { FormError, SecurityError } from '../../core/errors.js'
import type { User, UserDirectory } from '../../core/users.js'
import type { Change, Changes, Database, Tx } from '../../stores/sql/database.js'
import { writeFailedProof } from '../sessions/failed-proof.js'
import type { ChangeWhere } from '../sessions/keep-session.js'
import type { SessionRecord } from '../sessions/session.js'
import { BY_HOST, type By, type Sessions } from '../sessions/sessions.js'
import { forgetDevices, type KnownDevices } from '../known-devices/known-devices.js'
import type { Throttle, Wait } from '../throttle/throttle.js'
import { readCredential, setPasswordHash } from '../users/users.js'
import { PasswordAttempts } from './attempts.js'
import { checkAtHost, type HashingLane } from './hashing-lane.js'
import { hashPassword, verifyHash } from './hashing.js'
import { LegacyPasswords } from './legacy-passwords.js'
import { failingRules, problemsOf, type Demands, type NewPassword } from './new-password.js'
import type { RuleSet } from './rules.js'

/** Proof that a password was right: whose, and the epoch it was read under. */
export interface PasswordProof {
  user: User
  epoch: number
}

export type PasswordVerdict =
  | { ok: true; proof: PasswordProof }
  | { ok: false; userId: string | null; reason: 'invalid_credentials' | 'disabled'; wait: Wait | null }

/** Where a sign-in comes from, as far as the throttle must know. */
export interface Whence {
  /** The client's address; null where nobody knows. */
  address: string | null
  /** The known-device token that the browser carries for a user, or null. */
  deviceToken: (userId: string) => string | null
}

interface Parts extends Demands {
  db: Database
  clock: Clock
  users: UserDirectory
  sessions: Sessions
  throttle: Throttle
  lane: HashingLane
  devices: KnownDevices
  changes: Changes
  report: (error: unknown) => void
}

export interface PasswordForm extends NewPassword {
  currentPassword: string
}

/** Passwords: verify, change, set. Whoever changes one ends the sessions that the old one opened. */
export class Passwords {
  readonly rules: RuleSet
  readonly #parts: Parts
  readonly #attempts: PasswordAttempts
  readonly #legacy: LegacyPasswords

  constructor(parts: Parts) {
    this.rules = parts.rules
    this.#parts = parts
    this.#attempts = new PasswordAttempts(parts.throttle, parts.lane)
    this.#legacy = new LegacyPasswords(parts)
  }

  /**
   * Verifies a sign-in. Unknown, disabled and password-less accounts do the same work as a wrong password, and are
   * throttled alike (invariant 5). Throws `too_many_requests` while there is to wait, `busy` when too many verify at once.
   */
  async verify(email: string, password: string, from: Whence): Promise<PasswordVerdict> {
    const verify = async (user: User | null) => {
      const credential = await readCredential(this.#parts.db, user?.id ?? '')
      const old = user && (await this.#legacy.verify({ ...user, credential }, password))
      return { ...credential, right: old ?? (await verifyHash(credential.passwordHash, password)) }
    }
    const isRight = ({ right, disabled }: Awaited<ReturnType<typeof verify>>, user: User | null) =>
      right && !disabled && user !== null && !user.disabled
    const { user, result, wait } = await this.#attempt(email, from, verify, isRight)
    if (user && isRight(result, user)) return { ok: true, proof: { user, epoch: result.epoch } }
    return { ok: false, userId: user?.id ?? null, reason: result.right ? 'disabled' : 'invalid_credentials', wait }
  }

  /**
   * Runs the host's own check of a sign-in under the same throttle and in the same lane; what it answers is right unless
   * it is falsy. Throws like `verify`, `bad_request` for an e-mail that is no text, and `busy` when the check hangs.
   */
  async attempt<T>(email: string, from: Whence, check: () => Promise<T> | T) {
    // hosts pass on what a body holds: an array or an object, which no counter and no users table is to be asked for
    if (typeof email !== 'string') throw new SecurityError('bad_request')
    const { user, result, wait } = await this.#attempt(email, from, () => checkAtHost(check), Boolean)
    return { result, userId: user?.id ?? null, wait }
  }

  async #attempt<T>(
    email: string,
    from: Whence,
    verify: (user: User | null) => Promise<T>,
    isRight: (result: T, user: User | null) => boolean,
  ): Promise<{ user: User | null; result: T; wait: Wait | null }> {
    this.#parts.lane.assertRoom()
    const user = await this.#parts.users.findByEmail(email)
    const device = await this.#parts.devices.find(user?.id ?? null, from.deviceToken(user?.id ?? ''))
    const counters = this.#parts.throttle.forSignIn({ email, userId: user?.id ?? null, address: from.address, device })
    const work = () => verify(user)
    const { result, wait } = await this.#attempts.run(
      counters,
      work,
      (verified) => isRight(verified, user),
      device === null ? 'stranger' : 'known',
    )
    return { user, result, wait }
  }

  /**
   * Verifies the password of a user who is signed in; the epoch it was read under, or null when it is wrong. Counted
   * by session. Throws like `verify`.
   */
  async verifyOwn(session: { userId: string; publicId: string }, password: string): Promise<number | null> {
    const { epoch, right } = await this.#compareOwn(session, password)
    return right ? epoch : null
  }

  async #compareOwn({ userId, publicId }: { userId: string; publicId: string }, password: string) {
    const verify = async () => {
      const credential = await readCredential(this.#parts.db, userId)
      const { epoch, passwordHash } = credential
      const old = await this.#legacy.verify({ id: userId, disabled: false, credential }, password)
      if (old !== null) return { epoch, managedHere: true, right: old }
      const atHost = passwordHash === null && this.#parts.users.verifiesPasswords
      const right = await (atHost ? this.#verifyAtHost(userId, password) : verifyHash(passwordHash, password))
      return { epoch, managedHere: passwordHash !== null, right }
    }
    const counters = this.#parts.throttle.forSession(publicId)
    return (await this.#attempts.run(counters, verify, ({ right }) => right, 'known')).result
  }

  /** The host's table keeps this user's password. */
  async #verifyAtHost(userId: string, password: string): Promise<boolean> {
    const user = await this.#parts.users.findById(userId)
    if (user === null || user.disabled) return false
    return checkAtHost(() => this.#parts.users.verifyPassword(user, password))
  }

  /** True when this user's password can be asked for, whoever keeps it. */
  async canVerify(userId: string): Promise<boolean> {
    return this.#parts.users.verifiesPasswords || (await this.stateOf(userId)).managedHere
  }

  /** What the Security page says: whether there is a password here at all, and since when (null: unknown). */
  async stateOf(userId: string): Promise<{ managedHere: boolean; changedAt: number | null }> {
    const { passwordHash, passwordChangedAt } = await readCredential(this.#parts.db, userId)
    return { managedHere: passwordHash !== null || (await this.#legacy.has(userId)), changedAt: passwordChangedAt }
  }

  /** Refuses to go on for a user whose identity provider keeps the password. */
  async assertManagedHere(userId: string): Promise<void> {
    if (!(await this.stateOf(userId)).managedHere) throw new SecurityError('password_managed_by_idp')
  }

  /**
   * Changes a user's own password: the current one must be right, the new one must keep the rules. Every session but
   * `keep` ends, and that one goes on under its new id. Throws FormError for what must be typed again, and like `verify`.
   */
  async change(
    user: Pick<User, 'id' | 'email' | 'name'>,
    form: PasswordForm,
    keep: { publicId: string; from: string; to: string },
    by: By,
  ): Promise<{ ended: number; kept: SessionRecord }> {
    const current = { userId: user.id, publicId: keep.publicId }
    const { managedHere, epoch, right } = await this.#compareOwn(current, form.currentPassword)
    if (!managedHere) throw new SecurityError('password_managed_by_idp')
    const fields = problemsOf(user, form, this.#parts)
    if (form.newPassword === form.currentPassword) fields.newPassword = [...(fields.newPassword ?? []), 'unchanged']
    if (!right) {
      fields.currentPassword = ['wrong_password']
      await writeFailedProof(this.#parts, current, by)
    }
    if (Object.keys(fields).length) throw new FormError(right ? 'password_rules' : 'invalid_credentials', fields)
    const outcome = await this.#write(user.id, form.newPassword, { keep, ifEpoch: epoch }, by, 'auth.password_changed')
    if (!outcome?.kept) throw new FormError('invalid_credentials', { currentPassword: ['wrong_password'] })
    return { ended: outcome.ended, kept: outcome.kept }
  }

  /**
   * Sets a user's password without asking for the current one; for the host's own code. Ends all sessions of the user,
   * and no browser is a known device any more. Waits for its turn in the hashing lane.
   */
  async set(userId: string, plain: string): Promise<void> {
    const user = await this.#parts.users.findById(userId)
    if (!user) throw new SecurityError('not_found')
    const failing = failingRules(user, plain, this.#parts)
    if (failing.length) throw new FormError('password_rules', { newPassword: failing })
    await this.#write(userId, plain, {}, BY_HOST, 'auth.password_changed', forgetDevices)
  }

  /**
   * Sets the password that somebody chose with a link, which `use` uses up in the same transaction. All sessions of the
   * user end, and no browser is a known device any more. False: the credential has changed since the link was made.
   * Throws FormError for what must be typed again, before anything is done.
   */
  async reset(
    user: Pick<User, 'id' | 'email' | 'name'>,
    form: NewPassword,
    { epoch, use }: { epoch: number; use: (tx: Tx) => Promise<void> },
    by: By,
  ): Promise<boolean> {
    const fields = problemsOf(user, form, this.#parts)
    if (Object.keys(fields).length) throw new FormError('password_rules', fields)
    const also = async (tx: Tx) => {
      await use(tx)
      await forgetDevices(tx, user.id)
    }
    return (await this.#write(user.id, form.newPassword, { ifEpoch: epoch }, by, 'auth.password_reset', also)) !== null
  }

  async #write(
    userId: string,
    plain: string,
    where: Pick<ChangeWhere, 'keep' | 'ifEpoch'>,
    by: By,
    action: 'auth.password_changed' | 'auth.password_reset',
    also: (tx: Tx, userId: string) => Promise<void> = async () => {},
  ) {
    const hash = await this.#parts.lane.runPatiently(() => hashPassword(plain))
    const { managedHere } = await this.stateOf(userId)
    const work = async ({ tx, record }: Change, ended: number) => {
      const at = this.#parts.clock.now() // not before the sessions have ended, so that lists tell both in one order
      await setPasswordHash(tx, userId, hash, at)
      await also(tx, userId)
      const details = { sessionsRevoked: ended, initial: !managedHere }
      await record<typeof action>({ action, details, userId, outcome: 'success', occurredAt: at, ...by })
    }
    return this.#parts.sessions.changeCredential({ userId, ...where }, 'password_changed', by, work)
  }
}
