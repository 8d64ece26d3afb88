import type { CompiledQuery } from 'kysely'
import type { Clock } from '../../core/clock.js'
import type { SessionReason } from '../../core/reasons.js'
import { whenFree, type Database } from '../../stores/sql/database.js'
import { deleteOld } from '../../stores/sql/delete-old.js'
import { isPostgres } from '../../stores/sql/dialect.js'
import type { SessionRow } from '../../stores/sql/schema.js'
import type { DeadId } from './ending.js'
import { isOverdue, recordOf, type SessionRecord } from './session.js'

/** A row as a check finds it. `overdue`: alive in SQL, but past a limit; `expire` has to say it first. */
export type Found = { kind: 'live' | 'overdue'; record: SessionRecord } | { kind: 'dead'; reason: SessionReason }

/** A dead id as the tail sees it. */
export interface TailedId extends DeadId {
  seq: number
  publicId: string
  diedAt: number
  until: number
  buried: 0 | 1
}

/** Ended sessions are kept for a month, so that a browser that comes back is told why. */
const KEPT_MS = 30 * 86_400_000

const REDIS_TOLD_MS = 180_000

/** Reads of the session record, and the writes that decide nothing. Each is one SQL statement or two reads of final facts. */
export class SessionRecords {
  readonly #db: Database
  readonly #clock: Clock
  /** On the path of every request where SQL alone serves, so it is built once. */
  readonly #byIdHash: CompiledQuery<SessionRow>

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
    this.#byIdHash = db.selectFrom('security_sessions').selectAll().where('id_hash', '=', '').compile()
  }

  /** Step 2c: the row behind an id. Deadness is final, so a second read after "no such row" can only explain it. */
  async find(idHash: string): Promise<Found> {
    const { rows } = await this.#db.executeQuery<SessionRow>({ ...this.#byIdHash, parameters: [idHash] })
    const [row] = rows
    if (!row) return { kind: 'dead', reason: await this.#reasonOf(idHash) }
    if (row.ended_at !== null) return { kind: 'dead', reason: row.end_reason ?? 'revoked' }
    const record = recordOf(row)
    return { kind: isOverdue(record, this.#clock.now()) ? 'overdue' : 'live', record }
  }

  async #reasonOf(idHash: string): Promise<SessionReason> {
    const dead = await this.#db
      .selectFrom('security_dead_ids')
      .select('reason')
      .where('id_hash', '=', idHash)
      .executeTakeFirst()
    return dead?.reason ?? 'unknown'
  }

  /** A user's live sessions, the latest active first. */
  async list(userId: string): Promise<SessionRow[]> {
    const now = this.#clock.now()
    const rows = await this.#db
      .selectFrom('security_sessions')
      .selectAll()
      .where('user_id', '=', userId)
      .where('ended_at', 'is', null)
      .orderBy('last_active_at', 'desc')
      .orderBy('created_at', 'desc')
      .execute()
    return rows.filter((row) => !isOverdue(recordOf(row), now))
  }

  /** The record of a session that is alive and within its limits, by its public id. */
  async alive(publicId: string): Promise<SessionRecord | null> {
    const row = await this.#db
      .selectFrom('security_sessions')
      .selectAll()
      .where('public_id', '=', publicId)
      .where('ended_at', 'is', null)
      .executeTakeFirst()
    const record = row && recordOf(row)
    return record && !isOverdue(record, this.#clock.now()) ? record : null
  }

  /** The public id of the live session that goes by an id. */
  async publicIdOf(idHash: string): Promise<string | null> {
    const row = await this.#db
      .selectFrom('security_sessions')
      .select('public_id')
      .where('id_hash', '=', idHash)
      .where('ended_at', 'is', null)
      .executeTakeFirst()
    return row?.public_id ?? null
  }

  /** Step 8: dead ids that nobody has marked as buried, dead since before `before`. */
  async unburied(before: number): Promise<DeadId[]> {
    return this.#db
      .selectFrom('security_dead_ids')
      .select(['id_hash as idHash', 'reason'])
      .where('buried', '=', 0)
      .where('died_at', '<', before)
      .limit(500)
      .execute()
  }

  /** Step 8: dead ids with a number above `seq` whose session could still be within its limit. */
  async deadAfter(seq: number, limit: number): Promise<TailedId[]> {
    return this.#db
      .selectFrom('security_dead_ids')
      .select(['seq', 'id_hash as idHash', 'public_id as publicId', 'reason', 'died_at as diedAt', 'until', 'buried'])
      .where('seq', '>', seq)
      .where('until', '>', this.#clock.now())
      .orderBy('seq')
      .limit(limit)
      .execute()
  }

  async markBuried(idHashes: readonly string[]): Promise<void> {
    if (idHashes.length === 0) return
    // several processes mark the same ids, each in its own order: what another is marking is left to it, so that none
    // waits for another that waits for it
    const unmarked = this.#db
      .selectFrom('security_dead_ids')
      .select('seq')
      .where('id_hash', 'in', idHashes)
      .where('buried', '=', 0)
      .$if(isPostgres(this.#db), (query) => query.forUpdate().skipLocked())
    const mark = this.#db.updateTable('security_dead_ids').set({ buried: 1 }).where('seq', 'in', unmarked)
    await whenFree(() => mark.execute())
  }

  /** Writes when and from where a session was last used; at most once a minute whoever calls. */
  async touch(publicId: string, ip: string | null, leastMs: number): Promise<void> {
    const now = this.#clock.now()
    await whenFree(() =>
      this.#db
        .updateTable('security_sessions')
        .set({ last_active_at: now, ip })
        .where('public_id', '=', publicId)
        .where('ended_at', 'is', null)
        .where('last_active_at', '<=', now - leastMs)
        .execute(),
    )
  }

  /** Says to processes without Redis that this database is used by some with it. Told anew every minute. */
  async tellRedisIsUsed(): Promise<void> {
    const row = { changed_at: this.#clock.now() }
    await whenFree(() =>
      this.#db
        .insertInto('security_state')
        .values({ name: 'redis', ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute(),
    )
  }

  /** True when a process with Redis has told so lately: it may believe copies that this process cannot bury. */
  async isRedisUsed(): Promise<boolean> {
    const row = await this.#db
      .selectFrom('security_state')
      .select('changed_at')
      .where('name', '=', 'redis')
      .executeTakeFirst()
    return row !== undefined && row.changed_at > this.#clock.now() - REDIS_TOLD_MS
  }

  /** Deletes what nobody can ask for any more. */
  async prune(): Promise<void> {
    const now = this.#clock.now()
    await deleteOld(this.#db, 'security_session_data', { key: 'id_hash', column: 'expires_at', before: now })
    const before = now - KEPT_MS
    await deleteOld(this.#db, 'security_dead_ids', { key: 'seq', column: 'until', before })
    await deleteOld(this.#db, 'security_sessions', { key: 'public_id', column: 'expires_at', before })
  }
}
