import { randomInt } from 'node:crypto'
import type { Clock } from '../../core/clock.js'
import { ConfigurationError, SecurityError } from '../../core/errors.js'
import { NO_ORIGIN, type Origin } from '../../core/events.js'
import { LINK_MS } from '../../core/mail.js'
import { inTime } from '../../core/in-time.js'
import type { User, UserDirectory } from '../../core/users.js'
import type { Changes, Database, Tx } from '../../stores/sql/database.js'
import type { AuditLogReader } from '../audit-log/reader.js'
import { forgetDevices } from '../known-devices/known-devices.js'
import type { Disowned } from '../notices/not-me.js'
import type { Outbox } from '../notices/outbox.js'
import type { OneTimeSecrets } from '../one-time-secrets/one-time-secrets.js'
import { unusableHash } from '../passwords/hashing.js'
import type { NewPassword } from '../passwords/new-password.js'
import type { Passwords } from '../passwords/passwords.js'
import { BY_HOST, type Sessions } from '../sessions/sessions.js'
import type { Throttle } from '../throttle/throttle.js'
import { lockEpoch, readCredential, setPasswordHash, type Credential } from '../users/users.js'

const PURPOSES = ['password_reset', 'invitation'] as const
type LinkPurpose = (typeof PURPOSES)[number]
const BETWEEN_MAILS_MS = 300_000
/** Work after the answer begins at some time, so that it does not show in how long the next request takes. */
const LATER_MS = 500
const FAREWELL_MS = 5_000

/** A link that is good still. */
export interface ResetLink {
  token: string
  purpose: LinkPurpose
  user: User
  epoch: number
}

/** What somebody is sent who cannot get in: a link, or word that their organization signs them in. */
export type Mailed = 'reset_link' | 'invitation_link' | 'sso_instead_of_reset'

type Known = Credential & { managedHere: boolean }

interface Parts {
  db: Database
  changes: Changes
  clock: Clock
  users: UserDirectory
  secrets: OneTimeSecrets
  outbox: Outbox
  passwords: Passwords
  sessions: Sessions
  throttle: Throttle
  reader: AuditLogReader
  basePath: string
  /** True: the host's own table keeps the passwords. */
  atHost: boolean
  report: (error: unknown) => void
}

/** New passwords for people who cannot type the old one: forgotten, stolen, or not chosen yet. */
export class PasswordReset {
  readonly #parts: Parts
  readonly #underWay = new Set<Promise<void>>()
  /** Whose new password is being set in this process. */
  readonly #inUse = new Set<string>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** False: there is no mail to send a link with, or the passwords are not ours. */
  get offered(): boolean {
    return this.#parts.outbox.enabled && !this.#parts.atHost
  }

  /** Counts one request of a network. Throws `too_many_requests`, whatever address was typed. */
  async countRequest(address: string | null): Promise<void> {
    await this.#parts.throttle.reserve(this.#parts.throttle.forMailsFrom(address))
  }

  /** Sends what there is to send to an address, when the answer has gone and some time more. */
  requestLater(email: string, origin: Origin): void {
    const work = this.#parts.clock
      .sleep(randomInt(LATER_MS))
      .then(() => this.#request(email, origin))
      .catch(this.#parts.report)
    this.#underWay.add(work)
    void work.finally(() => this.#underWay.delete(work))
  }

  /** Waits for the requests that were answered and not done yet; not for a host that never says who has an address. */
  async close(): Promise<void> {
    const late = () => new Error('users.findByEmail has not answered: a request for a new password is given up')
    await inTime(Promise.all(this.#underWay), FAREWELL_MS, late).catch(this.#parts.report)
  }

  async #request(email: string, origin: Origin): Promise<void> {
    const { db, users, throttle } = this.#parts
    const user = await users.findByEmail(email)
    // counted by user alone: an address that is nobody's must not use up the mail of somebody whose address looks like it;
    // it counts for nobody, because it has to be as much work (invariant 5)
    if (!(await throttle.claim(throttle.forMail(user?.id ?? ''), BETWEEN_MAILS_MS)) || !user) return
    const [credential, managedHere] = [await readCredential(db, user.id), await this.#isManagedHere(user.id)]
    await this.#parts.changes.run(({ tx }) => this.#write(tx, user, { ...credential, managedHere }, origin))
  }

  /** A password of ours, or an old hash of the host's. The host is asked: not within a transaction. */
  async #isManagedHere(userId: string): Promise<boolean> {
    return (await this.#parts.passwords.stateOf(userId)).managedHere
  }

  /** What fits the account; null: nothing does. */
  async #mailFor(user: User, credential: Known, db: Database): Promise<Mailed | null> {
    if (!this.offered || user.disabled || credential.disabled) return null
    if (credential.managedHere) return 'reset_link'
    // whoever is invited and has not come yet gets the invitation anew; everybody else without a password here signs in elsewhere
    return (await this.#parts.secrets.count('invitation', user.id, db)) ? 'invitation_link' : 'sso_instead_of_reset'
  }

  /** What would be sent to a user now. */
  async wouldMail(userId: string): Promise<Mailed | null> {
    const { db, users } = this.#parts
    const user = await users.findById(userId)
    if (!user) return null
    const managedHere = await this.#isManagedHere(userId)
    return this.#mailFor(user, { ...(await readCredential(db, userId)), managedHere }, db)
  }

  async #write(tx: Tx, user: User, credential: Known, origin: Origin): Promise<Mailed | null> {
    const { outbox, clock } = this.#parts
    const mail = await this.#mailFor(user, credential, tx)
    if (mail === null || !(await lockEpoch(tx, user.id, credential.epoch))) return null
    if (mail === 'sso_instead_of_reset')
      await outbox.write(tx, { kind: mail, userId: user.id, occurredAt: clock.now(), origin })
    else await this.#link(tx, mail, user, credential.epoch, origin)
    return mail
  }

  /** Writes the mail with a link, which takes the place of all older ones. The user is locked. */
  async #link(
    tx: Tx,
    kind: 'reset_link' | 'invitation_link',
    user: User,
    epoch: number,
    origin: Origin,
  ): Promise<void> {
    const { secrets, outbox, clock, basePath } = this.#parts
    const purpose = kind === 'invitation_link' ? 'invitation' : 'password_reset'
    const made = { userId: user.id, content: { epoch, email: user.email }, ttlMs: LINK_MS[kind] }
    const token = await secrets.replace(tx, purpose, made, PURPOSES)
    const path = `${basePath}/reset-password?token=${token}`
    await outbox.write(tx, { kind, userId: user.id, occurredAt: clock.now(), origin, path })
  }

  /** Invites the user of an account to choose its password. Throws ConfigurationError where no link could be sent or used. */
  async invite(userId: string): Promise<void> {
    const { db, users, outbox, atHost, clock } = this.#parts
    if (!outbox.enabled) throw new ConfigurationError('members.invite sends a mail; write mail: process.env.SMTP_URL')
    if (atHost) throw new ConfigurationError('members.invite is for passwords kept here; yours are in your own table')
    const user = await users.findById(userId)
    if (!user) throw new SecurityError('not_found')
    const { epoch } = await readCredential(db, userId)
    const written = await this.#parts.changes.run(async ({ tx, record }) => {
      if (user.disabled || !(await lockEpoch(tx, userId, epoch))) return false
      await this.#link(tx, 'invitation_link', user, epoch, NO_ORIGIN)
      const occurredAt = clock.now()
      const event = { action: 'auth.invited', userId, outcome: 'success', occurredAt, details: {} } as const
      await record<'auth.invited'>({ ...event, ...BY_HOST })
      return true
    })
    if (!written) throw new SecurityError('forbidden')
  }

  /** The link of a token, which this does not use up; null when it is dead. */
  async find(token: string): Promise<ResetLink | null> {
    const { db, secrets, users } = this.#parts
    for (const purpose of PURPOSES) {
      const found = await secrets.find(purpose, token)
      if (!found?.userId) continue
      const [user, credential] = await Promise.all([users.findById(found.userId), readCredential(db, found.userId)])
      const { epoch, email } = found.content
      const stands = credential.epoch === epoch && !credential.disabled
      return user && !user.disabled && stands && user.email === email ? { token, purpose, user, epoch } : null
    }
    return null
  }

  /** Sets the password that was chosen. Throws FormError, which leaves the link as it was, and `link_dead`. */
  async reset({ token, purpose, user, epoch }: ResetLink, form: NewPassword, origin: Origin): Promise<void> {
    const use = async (tx: Tx) => {
      if (!(await this.#parts.secrets.consume(tx, purpose, token))) throw new SecurityError('link_dead')
    }
    const by = { actor: { type: 'user', id: user.id } as const, origin }
    // of many uses at once one succeeds; hashing for the others as well would hold up everybody who sets a password
    if (this.#inUse.has(user.id)) throw new SecurityError('link_dead')
    this.#inUse.add(user.id)
    const reset = this.#parts.passwords.reset(user, form, { epoch, use }, by)
    if (!(await reset.finally(() => this.#inUse.delete(user.id)))) throw new SecurityError('link_dead')
  }

  /**
   * Somebody says that what a notice told of was not them: all sessions end, no browser is known or trusted any more,
   * and the mail with which to choose a new password is written, however short ago the last one was. The old password ends:
   * whoever knows it would come in again before the link is used, or, where the account is disabled, once it no longer is.
   */
  async notMe({ userId, occurredAt }: Disowned, origin: Origin): Promise<Mailed | null> {
    const { sessions, users, clock } = this.#parts
    const user = await users.findById(userId)
    const managedHere = await this.#isManagedHere(userId)
    const by = { actor: { type: 'user', id: userId } as const, origin }
    let mailed: Mailed | null = null
    await sessions.changeCredential({ userId }, 'revoked', by, async ({ tx, record }, sessionsRevoked) => {
      await forgetDevices(tx, userId)
      const event = { action: 'auth.not_me', details: { sessionsRevoked, about: occurredAt } } as const
      const occurred = clock.now()
      await record({ ...event, userId, outcome: 'success', occurredAt: occurred, ...by })
      const credential = { ...(await readCredential(tx, userId)), managedHere }
      mailed = user && (await this.#write(tx, user, credential, origin))
      if (user && managedHere && this.offered) await setPasswordHash(tx, userId, unusableHash(), occurred)
    })
    return mailed
  }

  /** True: a new password was chosen with a link since then, so what a notice told of is over. */
  async isOver({ userId, occurredAt }: Disowned): Promise<boolean> {
    return ((await this.#parts.reader.lastAt(userId, 'auth.password_reset')) ?? 0) > occurredAt
  }

  /**
   * The host has changed somebody's address: links that were sent to the old one are dead, and it is told. Neither
   * address is in the event: the audit log outlives both.
   */
  async emailChanged(userId: string, email: string, previous?: string): Promise<void> {
    const { changes, secrets, outbox, clock } = this.#parts
    await changes.run(async ({ tx, record }) => {
      await secrets.erase(tx, PURPOSES, userId)
      const occurredAt = clock.now()
      if (previous !== undefined && previous !== email)
        await outbox.write(tx, { kind: 'email_changed', userId, to: previous, occurredAt, origin: NO_ORIGIN })
      await record<'auth.email_changed'>({
        action: 'auth.email_changed',
        userId,
        outcome: 'success',
        occurredAt,
        details: {},
        ...BY_HOST,
      })
    })
  }
}
