import { copy } from '../../src/features/sessions/hot-value.js'
import type { SessionCore } from '../../src/features/sessions/core.js'
import { deadIdsOf, putOnDeadList } from '../../src/features/sessions/ending.js'
import { RecordChanges } from '../../src/features/sessions/record-changes.js'
import { SessionRecords } from '../../src/features/sessions/records.js'
import { recordOf } from '../../src/features/sessions/session.js'
import { raiseEpoch } from '../../src/features/users/users.js'
import { Listeners } from '../../src/core/listeners.js'
import type { Clock } from '../../src/core/clock.js'
import type { HotKeys } from '../../src/stores/redis/hot-keys.js'
import { Changes, type Database } from '../../src/stores/sql/database.js'
import type { Rule } from './rules.js'
import type { Scheduler } from './scheduler.js'

type Records = SessionCore['records']
export type RecordWrites = SessionCore['changes']

/** The real SQL of the core, over a database in memory. */
export function realSql(db: Database, clock: Clock) {
  const changes = new Changes(db, [], new Listeners(() => {}))
  return { db, runner: changes, records: new SessionRecords(db, clock), changes: new RecordChanges(changes) }
}
export type RealSql = ReturnType<typeof realSql>

/** Puts a gate in front of every call: a transaction, or a read, is one step. */
function gated<T extends object>(real: T, scheduler: Scheduler): T {
  return new Proxy(real, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>
      return async (...args: unknown[]) => {
        await scheduler.gate(`SQL ${String(name)} ${args.filter((each) => typeof each === 'string').join(' ')}`)
        return method.apply(target, args)
      }
    },
  })
}

export const gatedRecords = (sql: RealSql, scheduler: Scheduler): Records => gated<Records>(sql.records, scheduler)

/** The transactions of the core behind gates; with a broken rule, as a protocol without that rule would have them. */
export function gatedChanges(sql: RealSql, scheduler: Scheduler, hot: HotKeys, broken: Rule | null): RecordWrites {
  const real = gated<RecordWrites>(sql.changes, scheduler)
  const { db } = sql
  const idOf = (publicId: string) =>
    db.selectFrom('security_sessions').select('id_hash').where('public_id', '=', publicId).executeTakeFirst()

  async function prefill(publicId: string): Promise<void> {
    const row = await db
      .selectFrom('security_sessions')
      .selectAll()
      .where('public_id', '=', publicId)
      .executeTakeFirstOrThrow()
    const { identity } = await hot.read(row.id_hash)
    await hot.compareAndSet(row.id_hash, null, copy(identity ?? '', recordOf(row)), 1)
  }

  return {
    expire: (...args) => real.expire(...args),
    rotate: async (ids, ...rest) => {
      const record = await real.rotate(ids, ...rest)
      if (record && broken === 'rotation retires the old id')
        await db.deleteFrom('security_dead_ids').where('id_hash', '=', ids.from).execute()
      if (record && broken === 'no prefill') await prefill(record.publicId).catch(() => {})
      return record
    },
    register: async (registration, ...rest) => {
      const done = await real.register(registration, ...rest)
      if (done && broken === 'no prefill') await prefill(registration.row.public_id).catch(() => {})
      return done
    },
    revoke: async (where, ending) => {
      if (broken === 'ids from the transaction') {
        await scheduler.gate('SQL reads the id')
        const before = await idOf(where.publicId)
        const done = await real.revoke(where, ending)
        return { ...done, deadIds: before ? [{ idHash: before.id_hash, reason: 'revoked' }] : [] }
      }
      const done = await real.revoke(where, ending)
      return broken === 'finish what others began' && !done.ended ? { ...done, deadIds: [] } : done
    },
    change: async (where, ending, work) => {
      if (broken !== 'lock first') return real.change(where, ending, work)
      await scheduler.gate('SQL selects the sessions')
      const rows = await sql.records.list(where.userId)
      await scheduler.gate('SQL locks and changes')
      return sql.runner.run(async (change) => {
        const epoch = (await raiseEpoch(change.tx, where.userId, ending.at)) ?? 0
        const ending_ = rows.filter((row) => row.public_id !== (where.keep ?? where.except)?.publicId)
        for (const row of ending_)
          await change.tx
            .updateTable('security_sessions')
            .set({ ended_at: ending.at, end_reason: ending.reason })
            .where('public_id', '=', row.public_id)
            .where('ended_at', 'is', null)
            .execute()
        const dead = await change.tx.selectFrom('security_dead_ids').select('id_hash').execute()
        const fresh = ending_.filter((row) => !dead.some((each) => each.id_hash === row.id_hash))
        await putOnDeadList(change.tx, fresh, ending.reason, ending.at)
        await work(change, rows.length)
        const endedSessions = ending_.map((row) => row.public_id)
        return { deadIds: await deadIdsOf(change.tx, endedSessions), endedSessions, kept: null, epoch }
      })
    },
  }
}
