import { randomToken } from '../../core/crypto.js'
import { NO_ORIGIN, type Actor, type Origin } from '../../core/events.js'
import type { SessionReason } from '../../core/reasons.js'
import type { AuthenticationMethod, User } from '../../core/users.js'
import type { Change } from '../../stores/sql/database.js'
import type { SessionRow } from '../../stores/sql/schema.js'
import { check } from './check.js'
import type { SessionCore } from './core.js'
import type { LastActive } from './last-active.js'
import type { OpenStreams } from './open-streams.js'
import type { ChangeWhere, Proof } from './keep-session.js'
import { register } from './register.js'
import { change, revoke } from './revoke.js'
import { rotate } from './rotate.js'
import type { Decision, SessionRecord } from './session.js'

/** Lengths in milliseconds. */
export interface SessionLimits {
  absoluteMs: number
  idleMs: number | null
  rememberedAbsoluteMs: number
  rememberedIdleMs: number | null
  perUser: number
}

export interface NewSession {
  idHash: string
  user: Pick<User, 'id' | 'email' | 'name'>
  epoch: number
  amr: AuthenticationMethod[]
  remember: boolean
  origin: Origin
  /** The live session of the same browser. */
  replaces: string | null
  /** The id is older than the registry. */
  adopts?: boolean
  /** Nothing was proven that a step-up would ask for, or nobody knows when. */
  unproven?: boolean
}

/** Who asks, and from where; for the audit row. */
export interface By {
  actor: Actor
  origin: Origin
}

export const BY_HOST: By = { actor: { type: 'host' }, origin: NO_ORIGIN }

/** The registry as features and middleware see it: questions and changes, each by the numbered steps of the protocol. */
export class Sessions {
  readonly streams: OpenStreams
  readonly #core: SessionCore
  readonly #limits: SessionLimits
  readonly #lastActive: LastActive

  constructor(core: SessionCore, parts: { streams: OpenStreams; lastActive: LastActive; limits: SessionLimits }) {
    this.#core = core
    this.streams = parts.streams
    this.#lastActive = parts.lastActive
    this.#limits = parts.limits
  }

  check(idHash: string): Promise<Decision> {
    return check(this.#core, idHash)
  }

  /** Notes that a session was used; at most one write a minute. */
  used(record: SessionRecord, ip: string | null): void {
    this.#lastActive.note(record, ip)
  }

  list(userId: string): Promise<SessionRow[]> {
    return this.#core.records.list(userId)
  }

  /** Begins a session; null when the credential has changed since it was read. */
  async begin(
    session: NewSession,
    work: (change: Change, publicId: string) => Promise<void>,
  ): Promise<SessionRecord | null> {
    const at = this.#core.clock.now()
    const { absoluteMs, idleMs, rememberedAbsoluteMs, rememberedIdleMs, perUser } = this.#limits
    const publicId = randomToken(12)
    const row = {
      public_id: publicId,
      id_hash: session.idHash,
      user_id: session.user.id,
      email: session.user.email,
      name: session.user.name,
      epoch: session.epoch,
      amr: JSON.stringify(session.amr),
      remembered: session.remember ? (1 as const) : (0 as const),
      created_at: at,
      authenticated_at: session.unproven ? 0 : at,
      expires_at: at + (session.remember ? rememberedAbsoluteMs : absoluteMs),
      idle_ms: session.remember ? rememberedIdleMs : idleMs,
      last_active_at: at,
      ip: session.origin.ip,
      user_agent: session.origin.userAgent?.slice(0, 512) ?? null,
    }
    const ending = { at, actor: { type: 'user', id: row.user_id } as const, origin: session.origin }
    return register(
      this.#core,
      { row, cap: perUser, replaces: session.replaces, adopts: session.adopts },
      ending,
      (made) => work(made, publicId),
    )
  }

  /** The session goes on under a new id. Null: it is not alive under the old one. */
  renew(
    ids: { from: string; to: string },
    proof: Proof | null = null,
    work?: (change: Change) => Promise<void>,
  ): Promise<SessionRecord | null> {
    return rotate(this.#core, ids, proof, work)
  }

  /** Ends one session. Somebody else's looks like a missing one: `found` is false. */
  revoke(
    where: { publicId: string; userId?: string },
    by: By,
    reason: SessionReason = 'revoked',
  ): Promise<{ found: boolean; ended: boolean }> {
    return revoke(this.#core, where, this.#ending(reason, by))
  }

  /** Ends the session that goes by this id, if one does; for a store whose data was destroyed. */
  async signOutById(idHash: string): Promise<void> {
    const publicId = await this.#core.records.publicIdOf(idHash)
    if (publicId) await this.revoke({ publicId }, BY_HOST, 'signed_out')
  }

  /** Ends a user's sessions but `except`; returns how many there were. */
  async revokeAll(
    userId: string,
    { except, reason = 'revoked' }: { except?: ChangeWhere['except']; reason?: SessionReason },
    by: By,
  ): Promise<number> {
    const { ended } = await change(this.#core, { userId, except }, this.#ending(reason, by))
    return ended
  }

  /**
   * Changes a credential: `work` writes it, in the transaction that raises the epoch and ends the user's sessions.
   * Null: the epoch had moved on from `ifEpoch`, so nothing was done. Throws `sign_in_required` when the session that
   * was to be kept has ended, or goes by another id, meanwhile.
   */
  async changeCredential(
    where: Omit<ChangeWhere, 'except'>,
    reason: SessionReason,
    by: By,
    work: (change: Change, ended: number) => Promise<void>,
  ): Promise<{ ended: number; epoch: number; kept: SessionRecord | null } | null> {
    const { done, ...outcome } = await change(this.#core, where, this.#ending(reason, by), work)
    return done ? outcome : null
  }

  #ending(reason: SessionReason, by: By) {
    return { reason, at: this.#core.clock.now(), ...by }
  }
}
