import type { Change, Changes, Tx } from '../../stores/sql/database.js'
import type { SessionRow } from '../../stores/sql/schema.js'
import { ensureUser, lockEpoch, raiseEpoch } from '../users/users.js'
import { deadIdsOf, putOnDeadList, recordEnded, unburiedOf, type DeadId, type Ending } from './ending.js'
import { keepSession, proven, type ChangeWhere, type Proof } from './keep-session.js'
import { recordOf, type SessionRecord } from './session.js'

/** What must be done outside SQL once a transaction has ended sessions: bury these ids, end the streams of these sessions. */
export interface Aftermath {
  deadIds: DeadId[]
  endedSessions: string[]
}

export interface Changed extends Aftermath {
  /** The record of the session that stays under its new id. */
  kept: SessionRecord | null
  /** The new epoch. */
  epoch: number
}

export interface RevokeWhere {
  publicId: string
  /** Only this user's session; anybody else's looks like a missing one. */
  userId?: string
}

export interface Registration {
  row: Omit<SessionRow, 'ended_at' | 'end_reason'>
  /** At most so many live sessions per user; the one longest unused makes room. */
  cap: number
  /** The live session of the same browser, which the new one replaces. */
  replaces: string | null
  /** The id was in use before this registry was: it is registered once, and only if nobody has heard of it. */
  adopts?: boolean
}

/** The transactions that end, begin or rename sessions: each method is one, and atomic. */
export class RecordChanges {
  readonly #changes: Changes

  constructor(changes: Changes) {
    this.#changes = changes
  }

  /** Step 4. `found` is false for a session that never was or is not that user's, `ended` when this call ended it. */
  async revoke(where: RevokeWhere, ending: Ending): Promise<Aftermath & { found: boolean; ended: boolean }> {
    return this.#changes.run(async (change) => {
      const known = await change.tx
        .selectFrom('security_sessions')
        .select('user_id')
        .where('public_id', '=', where.publicId)
        .executeTakeFirst()
      if (!known || (where.userId !== undefined && known.user_id !== where.userId))
        return { found: false, ended: false, deadIds: [], endedSessions: [] }
      const rows = await end(change, ending, (q) => q.where('public_id', '=', where.publicId))
      return {
        found: true,
        ended: rows.length > 0,
        deadIds: await deadIdsOf(change.tx, [where.publicId]),
        endedSessions: [where.publicId],
      }
    })
  }

  /** Ends a session that is past a limit, unless a request has moved its last activity meanwhile. */
  async expire(publicId: string, ending: Ending): Promise<Aftermath & { ended: boolean }> {
    return this.#changes.run(async (change) => {
      const rows = await end(change, ending, (q) =>
        q
          .where('public_id', '=', publicId)
          .where((or) =>
            or.or([
              or('expires_at', '<=', ending.at),
              or.and([
                or('idle_ms', 'is not', null),
                or(or('last_active_at', '+', or.ref('idle_ms')), '<=', ending.at),
              ]),
            ]),
          ),
      )
      return {
        ended: rows.length > 0,
        deadIds: await deadIdsOf(change.tx, [publicId]),
        endedSessions: rows.map((row) => row.public_id),
      }
    })
  }

  /**
   * Step 5: raises the epoch first, ends the user's sessions in a later statement, and runs `work` (the new
   * state, its event) in the same transaction. Null: the epoch had moved on since the credential was verified.
   */
  async change(
    where: ChangeWhere,
    ending: Ending,
    work: (change: Change, ended: number) => Promise<void>,
  ): Promise<Changed | null> {
    return this.#changes.run(async (change) => {
      await ensureUser(change.tx, where.userId)
      const epoch = await raiseEpoch(change.tx, where.userId, ending.at, where.ifEpoch)
      if (epoch === null) return null
      const kept = await keepSession(change, where, epoch, ending.at)
      const except = where.keep?.publicId ?? where.except?.publicId ?? ''
      const rows = await end(change, ending, (q) =>
        q.where('user_id', '=', where.userId).where('public_id', '<>', except),
      )
      await work(change, rows.length)
      const endedSessions = rows.map((row) => row.public_id)
      const deadIds = [...(await deadIdsOf(change.tx, endedSessions)), ...(await unburiedOf(change.tx, where.userId))]
      return { deadIds, endedSessions, kept, epoch }
    })
  }

  /** Step 6: inserts the session only while the epoch is the one the credential was read under. Null: it is not. */
  async register(
    { row, cap, replaces, adopts = false }: Registration,
    ending: Omit<Ending, 'reason'>,
    work: (change: Change) => Promise<void>,
  ): Promise<Aftermath | null> {
    return this.#changes.run(async (change) => {
      if (!(await lockEpoch(change.tx, row.user_id, row.epoch))) return null
      if (adopts && (await isKnown(change.tx, row.id_hash))) return null
      const mine = (reason: Ending['reason']) => ({ ...ending, reason })
      const replaced = await end(change, mine('replaced'), (q) => q.where('public_id', '=', replaces ?? ''))
      const overdue = await end(change, mine('expired'), (q) =>
        q.where('user_id', '=', row.user_id).where('expires_at', '<=', ending.at),
      )
      await change.tx
        .insertInto('security_sessions')
        .values({ ...row, ended_at: null, end_reason: null })
        .execute()
      const kept = await change.tx
        .selectFrom('security_sessions')
        .select('public_id')
        .where('user_id', '=', row.user_id)
        .where('ended_at', 'is', null)
        .where('public_id', '<>', row.public_id)
        .orderBy('last_active_at', 'desc')
        .orderBy('created_at', 'desc')
        .execute()
      const over = kept.slice(Math.max(0, cap - 1)).map((each) => each.public_id)
      const evicted = over.length
        ? await end(change, { ...mine('limit'), actor: { type: 'system' } }, (q) => q.where('public_id', 'in', over))
        : []
      await work(change)
      const endedSessions = [...replaced, ...overdue, ...evicted].map((each) => each.public_id)
      return { deadIds: await deadIdsOf(change.tx, endedSessions), endedSessions }
    })
  }

  /** Step 7: the session goes on under a new id; the old one is dead. Null: it was not alive under that id any more. */
  async rotate(
    ids: { from: string; to: string },
    at: number,
    proof: Proof | null,
    work: (change: Change) => Promise<void>,
  ): Promise<SessionRecord | null> {
    return this.#changes.run(async (change) => {
      if (proof && !(await lockEpoch(change.tx, proof.userId, proof.epoch))) return null
      const row = await change.tx
        .updateTable('security_sessions')
        .set({ id_hash: ids.to, ...proven(proof) })
        .where('id_hash', '=', ids.from)
        .where('ended_at', 'is', null)
        .returningAll()
        .executeTakeFirst()
      if (!row) return null
      await putOnDeadList(change.tx, [{ ...row, id_hash: ids.from }], 'rotated', at)
      await work(change)
      return recordOf(row)
    })
  }
}

/** True for an id that is, or was, a session's. The user is locked, so nobody registers it meanwhile. */
async function isKnown(tx: Tx, idHash: string): Promise<boolean> {
  const session = tx.selectFrom('security_sessions').select('id_hash').where('id_hash', '=', idHash)
  const dead = tx.selectFrom('security_dead_ids').select('id_hash').where('id_hash', '=', idHash)
  return (await session.unionAll(dead).execute()).length > 0
}

type EndQuery = ReturnType<typeof endQuery>

const endQuery = (change: Change, ending: Ending) =>
  change.tx
    .updateTable('security_sessions')
    .set({ ended_at: ending.at, end_reason: ending.reason })
    .where('ended_at', 'is', null)
    .returning(['public_id', 'id_hash', 'user_id', 'expires_at'])

/** Ends the live sessions that `which` selects: record, dead list and events. Those that had ended before are not among the rows. */
async function end(change: Change, ending: Ending, which: (query: EndQuery) => EndQuery) {
  const rows = await which(endQuery(change, ending)).execute()
  await putOnDeadList(change.tx, rows, ending.reason, ending.at)
  await recordEnded(change, rows, ending)
  return rows
}
