import type { Clock } from '../../core/clock.js'
import type { Changes } from '../../stores/sql/database.js'
import type { SecureAccountModel } from '../../../views/models.js'
import type { ListActivity } from '../activity/view.js'
import type { AuditLogReader } from '../audit-log/reader.js'
import type { Passwords } from '../passwords/passwords.js'
import type { By, Sessions } from '../sessions/sessions.js'
import type { TwoFactorCard } from '../two-factor/view.js'

/** So long a step that was done counts as done: whoever comes back later has a new reason to. */
const FRESH_MS = 86_400_000
const SHOWN = 5

interface Parts {
  passwords: Passwords
  /** The host's own passwords; null: it has none. */
  hostPasswords: { changePath: string | null } | null
  sessions: Sessions
  twoFactorCard: TwoFactorCard
  reader: AuditLogReader
  listActivity: ListActivity
  changes: Changes
  clock: Clock
  review: SecureAccountModel['review']
  support: string | null
}

/** The checklist of an account that somebody else may have been in: what is done, and what is still to do. */
export class SecureAccount {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async stepsOf(userId: string, publicId: string, language: string): Promise<SecureAccountModel> {
    const [password, sessions, twoFactor, activity] = await Promise.all([
      this.#password(userId),
      this.#sessions(userId, publicId),
      this.#twoFactor(userId),
      this.#activity(userId, language),
    ])
    const left = [password, sessions, twoFactor, activity].filter(({ state }) => state === 'todo').length
    const { review, support } = this.#parts
    return { left, password, sessions, twoFactor, activity, review, support }
  }

  /** The user says to have looked through their activity. */
  async reviewed(userId: string, by: By): Promise<void> {
    const { changes, clock } = this.#parts
    await changes.run(({ record }) =>
      record<'auth.account_reviewed'>({
        action: 'auth.account_reviewed',
        userId,
        outcome: 'success',
        occurredAt: clock.now(),
        details: {},
        ...by,
      }),
    )
  }

  async #password(userId: string): Promise<SecureAccountModel['password']> {
    const { passwords, hostPasswords } = this.#parts
    const { managedHere, changedAt } = await passwords.stateOf(userId)
    const state = managedHere ? this.#isFresh(changedAt) : 'elsewhere'
    const managedBy = managedHere ? 'here' : hostPasswords ? 'host' : 'idp'
    const changePath = managedBy === 'host' ? (hostPasswords?.changePath ?? null) : null
    return { state, managedBy, changePath, changedAt: iso(changedAt) }
  }

  async #sessions(userId: string, publicId: string): Promise<SecureAccountModel['sessions']> {
    const list = await this.#parts.sessions.list(userId)
    const others = list.filter((row) => row.public_id !== publicId).length
    return { state: others === 0 ? 'done' : 'todo', others }
  }

  async #twoFactor(userId: string): Promise<SecureAccountModel['twoFactor']> {
    const { enabled, enabledAt } = await this.#parts.twoFactorCard(userId)
    return { state: enabled ? 'done' : 'todo', enabledAt }
  }

  async #activity(userId: string, language: string): Promise<SecureAccountModel['activity']> {
    const { reader, listActivity } = this.#parts
    const [reviewedAt, { events }] = await Promise.all([
      reader.lastAt(userId, 'auth.account_reviewed'),
      listActivity(userId, { kind: null, since: null, after: null, limit: SHOWN }, language),
    ])
    return { state: this.#isFresh(reviewedAt), reviewedAt: iso(reviewedAt), events }
  }

  #isFresh(at: number | null): 'done' | 'todo' {
    return at !== null && this.#parts.clock.now() - at < FRESH_MS ? 'done' : 'todo'
  }
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
