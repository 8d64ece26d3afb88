import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { Listeners } from '../../src/core/listeners.js'
import { NO_ORIGIN } from '../../src/core/events.js'
import { StoreUnavailable } from '../../src/core/errors.js'
import type { SessionCore } from '../../src/features/sessions/core.js'
import { RecordChanges } from '../../src/features/sessions/record-changes.js'
import { SessionRecords } from '../../src/features/sessions/records.js'
import { Tail } from '../../src/features/sessions/tail.js'
import { Changes, openDatabase, type Change, type Database } from '../../src/stores/sql/database.js'
import { TestClock, until } from '../support/clock.js'
import { sharedPostgres, type FreshDatabase, type PostgresServer } from '../support/postgres.js'

const LIFE = 7 * 86_400_000
const USER = 'u1'

/** A transaction that stands before its commit until it is let go on. */
interface Held<T> {
  result: Promise<T>
  commit(): void
}

describe('Transactions of two processes that meet on PostgreSQL', function () {
  this.timeout(15_000)
  const clock = new TestClock()
  let server: PostgresServer
  let database: FreshDatabase
  let first: Database
  let second: Database
  let a: RecordChanges
  let b: RecordChanges
  let records: SessionRecords

  before(async () => {
    server = await sharedPostgres()
    database = await server.freshDatabase()
    // what a statement sees must not depend on what somebody has set as the server's default
    await server.run(`alter database ${database.name} set default_transaction_isolation = 'repeatable read'`)
    first = await openDatabase(database.url)
    second = await openDatabase(database.url)
    const changes = (db: Database) => new RecordChanges(new Changes(db, [], new Listeners(() => {})))
    ;[a, b, records] = [changes(first), changes(second), new SessionRecords(second, clock)]
  })
  after(async () => {
    await first.destroy()
    await second.destroy()
    await database.drop()
  })
  beforeEach(async () => {
    for (const table of ['security_sessions', 'security_dead_ids', 'security_users'] as const)
      await first.deleteFrom(table).execute()
  })

  const ending = () => ({
    reason: 'revoked' as const,
    at: clock.now(),
    actor: { type: 'host' as const },
    origin: NO_ORIGIN,
  })

  const row = (publicId: string, idHash: string, epoch = 0) => ({
    public_id: publicId,
    id_hash: idHash,
    user_id: USER,
    email: 'ada@acme.test',
    name: 'Ada',
    epoch,
    amr: '[]',
    remembered: 0 as const,
    created_at: clock.now(),
    authenticated_at: clock.now(),
    expires_at: clock.now() + LIFE,
    idle_ms: null,
    last_active_at: clock.now(),
    ip: null,
    user_agent: null,
  })

  const signIn = (by: RecordChanges, publicId: string, idHash: string, work: Work = async () => {}) =>
    by.register({ row: row(publicId, idHash), cap: 50, replaces: null }, ending(), work)
  const rotate = (by: RecordChanges, from: string, to: string, work: Work = async () => {}) =>
    by.rotate({ from, to }, clock.now(), null, work)

  type Work = (change: Change) => Promise<void>

  /** Begins a transaction and lets it stand where its last statement has been. */
  async function held<T>(begin: (work: Work) => Promise<T>): Promise<Held<T>> {
    let commit = () => {}
    const go = new Promise<void>((done) => (commit = done))
    let result!: Promise<T>
    await new Promise<void>((arrived, failed) => {
      result = begin(async () => {
        arrived()
        await go
      })
      result.catch(failed)
    })
    return { result, commit }
  }

  /** Resolves when a statement of somebody waits for somebody else's lock. */
  const somebodyWaits = () =>
    until('somebody waits for a lock', async () => {
      const waiting = await server.run(
        `select 1 from pg_stat_activity where datname = '${database.name}' and wait_event_type = 'Lock'`,
      )
      return waiting.length > 0
    })

  const idsOf = (ids: { idHash: string }[] | undefined) => [...new Set(ids?.map((each) => each.idHash))].toSorted()
  const isDead = async (idHash: string) => (await records.find(idHash)).kind === 'dead'

  it('are READ COMMITTED, whatever the server begins by itself', async () => {
    const asked = sql<{ transaction_isolation: string }>`show transaction_isolation`
    assert.equal((await asked.execute(first)).rows[0]?.transaction_isolation, 'repeatable read')
    const { rows } = await first.transaction().execute((tx) => asked.execute(tx))
    assert.equal(rows[0]?.transaction_isolation, 'read committed')
  })

  it('a password change ends the session of a sign-in that was about to commit (step 5: lock, then a later statement)', async () => {
    await signIn(a, 'A', 'A0')
    const signingIn = await held((work) => signIn(a, 'B', 'B0', work))
    const changing = b.change({ userId: USER }, ending(), async () => {})
    await somebodyWaits()
    signingIn.commit()
    assert.ok(await signingIn.result, 'it was first')
    assert.deepEqual(idsOf((await changing)?.deadIds), ['A0', 'B0'])
    for (const id of ['A0', 'B0']) assert.ok(await isDead(id), `${id} lives`)
  })

  it('a sign-in that verified the old password cannot complete after the change (step 6)', async () => {
    await signIn(a, 'A', 'A0')
    const changing = await held((work) => a.change({ userId: USER }, ending(), work))
    const signingIn = signIn(b, 'B', 'B0')
    await somebodyWaits()
    changing.commit()
    await changing.result
    assert.equal(await signingIn, null)
    assert.ok(await isDead('B0'))
  })

  it('a revocation that meets a rotation ends the session under its new id, and buries both (step 4)', async () => {
    await signIn(a, 'A', 'A0')
    const rotating = await held((work) => rotate(a, 'A0', 'A1', work))
    const revoking = b.revoke({ publicId: 'A' }, ending())
    await somebodyWaits()
    rotating.commit()
    assert.ok(await rotating.result)
    const { ended, deadIds } = await revoking
    assert.deepEqual([ended, idsOf(deadIds)], [true, ['A0', 'A1']])
    assert.ok(await isDead('A1'))
  })

  it('a change that meets a rotation of another session ends that under its new id', async () => {
    await signIn(a, 'A', 'A0')
    const rotating = await held((work) => rotate(a, 'A0', 'A1', work))
    const changing = b.change({ userId: USER }, ending(), async () => {})
    await somebodyWaits()
    rotating.commit()
    await rotating.result
    assert.deepEqual(idsOf((await changing)?.deadIds), ['A0', 'A1'])
    assert.ok(await isDead('A1'))
  })

  it('a rotation that meets the end of its session gets no new id (step 7)', async () => {
    await signIn(a, 'A', 'A0')
    const changing = await held((work) => a.change({ userId: USER }, ending(), work))
    const rotating = rotate(b, 'A0', 'A1')
    await somebodyWaits()
    changing.commit()
    await changing.result
    assert.equal(await rotating, null)
    assert.ok(await isDead('A1'))
  })

  it('of two rotations of one id one gets the new id, the other nothing', async () => {
    await signIn(a, 'A', 'A0')
    const rotating = await held((work) => rotate(a, 'A0', 'A1', work))
    const tooLate = rotate(b, 'A0', 'A2')
    await somebodyWaits()
    rotating.commit()
    assert.ok(await rotating.result)
    assert.equal(await tooLate, null)
    assert.deepEqual([await isDead('A0'), await isDead('A1'), await isDead('A2')], [true, false, true])
  })

  it('two revocations of one session: the second has ended nothing, and still knows what to bury', async () => {
    await signIn(a, 'A', 'A0')
    const changing = await held((work) => a.change({ userId: USER }, ending(), work))
    const revoking = b.revoke({ publicId: 'A' }, ending())
    await somebodyWaits()
    changing.commit()
    await changing.result
    const { ended, deadIds } = await revoking
    assert.deepEqual([ended, idsOf(deadIds)], [false, ['A0']])
  })

  it('two sign-ins at the cap: one after the other, and the cap holds', async () => {
    const atCap = (by: RecordChanges, id: string, work: Work = async () => {}) =>
      by.register({ row: row(id, `${id}0`), cap: 1, replaces: null }, ending(), work)
    const signingIn = await held((work) => atCap(a, 'A', work))
    const next = atCap(b, 'B')
    await somebodyWaits()
    signingIn.commit()
    await signingIn.result
    assert.deepEqual((await next)?.endedSessions, ['A'])
    assert.equal((await records.list(USER)).length, 1)
  })

  it('two that wait for each other both come through (deadlock, lock timeout)', async () => {
    for (const id of ['x', 'y']) await signIn(a, id, `${id}0`)
    const touch = (change: Change, id: string) =>
      change.tx.updateTable('security_sessions').set({ ip: '::1' }).where('public_id', '=', id).execute()
    let met = 0
    let meet = () => {}
    const both = new Promise<void>((done) => (meet = done))
    const crossing = (db: Database, [one, other]: [string, string]) =>
      new Changes(db, [], new Listeners(() => {})).run(async (change) => {
        await touch(change, one)
        if ((met += 1) === 2) meet()
        await both
        await touch(change, other)
      })
    // on a machine that is busy one may be told that it cannot have the lock; tried again, it can
    const patiently = (go: () => Promise<void>) =>
      go().catch((error: unknown) => (error instanceof StoreUnavailable ? go() : Promise.reject(error as Error)))
    await Promise.all([patiently(() => crossing(first, ['x', 'y'])), patiently(() => crossing(second, ['y', 'x']))])
    assert.ok(met >= 3, 'nobody was in the way of anybody')
  })

  it('a lock that is not to be had is "unavailable" within a second, and no more', async () => {
    await signIn(a, 'A', 'A0')
    const changing = await held((work) => a.change({ userId: USER }, ending(), work))
    const began = performance.now()
    await assert.rejects(signIn(b, 'B', 'B0'), StoreUnavailable)
    assert.ok(performance.now() - began < 1_200, `${performance.now() - began} ms`)
    assert.equal((await records.find('A0')).kind, 'live', 'reads go on')
    changing.commit()
    await changing.result
  })

  it('what another process marks as buried at this moment is left to it', async () => {
    for (const id of ['x', 'y', 'z']) {
      await signIn(a, id, `${id}0`)
      await a.revoke({ publicId: id }, ending())
    }
    const marking = await held((work) =>
      first.transaction().execute(async (tx) => {
        await tx.updateTable('security_dead_ids').set({ buried: 1 }).where('id_hash', '=', 'y0').execute()
        await work({ tx, record: async () => {} })
      }),
    )
    await records.markBuried(['x0', 'y0', 'z0'])
    assert.deepEqual(idsOf(await records.unburied(clock.now() + LIFE)), ['y0'])
    marking.commit()
    await marking.result
    assert.deepEqual(await records.unburied(clock.now() + LIFE), [])
  })

  it('an id that dies under a lower number, and is committed later, is not missed by the tail (step 8)', async () => {
    const tail = new Tail(clock)
    const core = { clock, records, hot: null, tail, changes: b, report: () => {} } as unknown as SessionCore
    const seen = async () => (await tail.read(core)).map((each) => each.idHash)
    await signIn(a, 'A', 'A0')
    await b.register({ row: { ...row('B', 'B0'), user_id: 'u2' }, cap: 50, replaces: null }, ending(), async () => {})
    await seen()

    const changing = await held((work) => a.change({ userId: USER }, ending(), work))
    await b.revoke({ publicId: 'B' }, ending())
    assert.deepEqual(await seen(), ['B0'])
    changing.commit()
    await changing.result
    const numbers = await first.selectFrom('security_dead_ids').select('id_hash').orderBy('seq').execute()
    assert.deepEqual(numbers, [{ id_hash: 'A0' }, { id_hash: 'B0' }], 'else this would prove nothing')
    assert.deepEqual(await seen(), ['A0'])
  })

  it('a connection that did not answer in time is never used again, nor is what was begun on it', async () => {
    const one = await openDatabase(database.url, { connections: 1 })
    const who = sql<{ pid: number }>`select pg_backend_pid() as pid`
    try {
      const { pid } = (await who.execute(one)).rows[0]!
      const slow = one.transaction().execute(async (tx) => {
        await tx.insertInto('security_state').values({ name: 'redis', changed_at: 1 }).execute()
        await sql`select pg_sleep(30)`.execute(tx)
      })
      await assert.rejects(slow, /unavailable: no answer in time/)
      assert.notEqual((await who.execute(one)).rows[0]!.pid, pid)
      assert.deepEqual(await one.selectFrom('security_state').selectAll().execute(), [])
    } finally {
      await one.destroy()
    }
  })

  it('a transaction that falls silent is ended by the server, long before the tail stops looking back for it', async () => {
    await signIn(a, 'A', 'A0')
    const changing = await held((work) => a.change({ userId: USER }, ending(), work))
    const open = `select 1 from pg_stat_activity
      where datname = '${database.name}' and state = 'idle in transaction'`
    assert.equal((await server.run(open, database.name)).length, 1)
    await until('it is over', async () => (await server.run(open, database.name)).length === 0, 9_000)
    changing.commit()
    await assert.rejects(changing.result, StoreUnavailable)
    assert.equal((await records.find('A0')).kind, 'live')
  })

  it('a transaction that takes too long sends nothing more', async () => {
    await signIn(a, 'A', 'A0')
    let statements = 0
    const slow = first.transaction().execute(async (tx) => {
      for (; statements < 40; statements += 1) await sql`select pg_sleep(0.2)`.execute(tx)
    })
    await assert.rejects(slow, /taken too long/)
    assert.ok(statements < 20, `${statements} statements`)
  })

  it('a transaction one of whose statements has failed does not pass for committed', async () => {
    const changes = new Changes(first, [], new Listeners(() => {}))
    const swallowing = changes.run(async ({ tx }) => {
      const user = { user_id: USER, epoch: 7, password_hash: null, password_changed_at: null, disabled_at: null }
      await tx.insertInto('security_users').values(user).execute()
      await tx
        .insertInto('security_users')
        .values(user)
        .execute()
        .catch(() => {})
    })
    await assert.rejects(swallowing, /rolled back/)
  })
})
