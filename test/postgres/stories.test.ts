import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { types } from 'pg'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { SessionRecords } from '../../src/features/sessions/records.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'
import { BASE, FIREFOX, type Browser } from '../support/browser.js'
import { sharedPostgres, type FreshDatabase } from '../support/postgres.js'
import { refuseAuditRows } from '../support/sql.js'

const NEW = 'Brass-Turnstile-58-Otters'

describe('A host on PostgreSQL', function () {
  this.timeout(10_000)
  let database: FreshDatabase
  let host: Host
  let db: Database
  before(async () => {
    database = await (await sharedPostgres()).freshDatabase()
    host = await startHost({ database: database.url, sessions: { perUser: 3 }, databaseConnections: 4 })
    db = await openDatabase(database.url)
  })
  after(async () => {
    assert.deepEqual(host.errors, [])
    await db?.destroy()
    await host?.close()
    await database?.drop()
  })
  beforeEach(() => host.security.passwords.set(ada.id, PASSWORDS.u1!))

  async function signedIn(agent?: string): Promise<Browser> {
    const browser = host.browser(agent)
    assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
    return browser
  }
  const actions = async () =>
    (await db.selectFrom('security_audit_events').select('action').orderBy('occurred_at').execute()).map(
      (each) => each.action,
    )

  it('signs in, keeps a cart, sees its devices, revokes one, signs out', async () => {
    const [here, laptop] = [await signedIn(), await signedIn(FIREFOX)]
    await here.json('/cart', { of: 'seven crates' })
    assert.deepEqual((await here.json('/cart')).json, { of: 'seven crates' })
    const other = (await here.sessions()).find((each) => !each.current)!
    assert.equal(other.device.label, 'Firefox on Linux')
    const list = await here.visit(`${BASE}/sessions`)
    assert.equal((await here.submit(list, `/sessions/${other.id}/revoke`)).status, 303)
    assert.equal((await laptop.json('/invoices')).json.code, 'session_revoked')
    assert.equal((await here.submit(list, '/sign-out')).status, 303)
    assert.equal(await here.isSignedIn(), false)
    assert.ok((await actions()).includes('auth.signed_out'))
  })

  it('changes the password: the others are out, this one goes on under a new id, the old password is none', async () => {
    const [here, laptop] = [await signedIn(), await signedIn(FIREFOX)]
    const before = here.cookie()
    const fields = { currentPassword: PASSWORDS.u1!, newPassword: NEW, confirmPassword: NEW }
    assert.equal((await here.submit(await here.visit(`${BASE}/`), '/password', fields)).status, 303)
    assert.notEqual(here.cookie(), before)
    assert.deepEqual([await here.isSignedIn(), await laptop.isSignedIn()], [true, false])
    assert.equal((await host.browser().signIn(ada, PASSWORDS.u1!)).status, 422)
    assert.equal((await host.browser().signIn(ada, NEW)).status, 303)
  })

  it('the session longest unused makes room at the cap', async () => {
    const browsers = [await signedIn(), await signedIn(), await signedIn(), await signedIn()]
    const alive = await Promise.all(browsers.map((each) => each.isSignedIn()))
    assert.deepEqual(alive, [false, true, true, true])
  })

  it('a change whose audit row cannot be written has not happened (invariant 14)', async () => {
    const [here, laptop] = [await signedIn(), await signedIn(FIREFOX)]
    const before = [await actions(), await db.selectFrom('security_users').selectAll().execute()]
    const allow = await refuseAuditRows(db, 'auth.password_changed')
    await assert.rejects(host.security.passwords.set(ada.id, NEW), /disk full/)
    await allow()
    assert.deepEqual([await actions(), await db.selectFrom('security_users').selectAll().execute()], before)
    for (const browser of [here, laptop]) assert.ok(await browser.isSignedIn())
  })

  it('times are numbers, for us alone: the parsers of pg are as the host left them', async () => {
    await signedIn()
    const session = await db.selectFrom('security_sessions').selectAll().executeTakeFirstOrThrow()
    for (const name of ['created_at', 'authenticated_at', 'expires_at', 'last_active_at'] as const)
      assert.ok(Number.isSafeInteger(session[name]), `${name} is a ${typeof session[name]}`)
    const dead = await db.selectFrom('security_dead_ids').selectAll().executeTakeFirstOrThrow()
    for (const name of ['seq', 'died_at', 'until'] as const) assert.equal(typeof dead[name], 'number')
    assert.equal(types.getTypeParser(20)('7'), '7')
  })

  it('a text with a NUL, which PostgreSQL has no place for, is found by nobody', async () => {
    const here = await signedIn()
    const list = await here.json(`${BASE}/sessions`)
    const { csrfToken } = list.json
    assert.equal((await here.json(`${BASE}/sessions/a%00b/revoke`, { csrfToken })).status, 404)
  })

  it('an error of the database holds no row: those end in logs', async () => {
    const user = { user_id: 'x', password_hash: 'a hash', password_changed_at: null, disabled_at: null }
    const refused = db.insertInto('security_users').values({ ...user, epoch: null as unknown as number })
    const error: unknown = await refused.execute().catch((thrown: unknown) => thrown)
    assert.match(String(error), /^PostgresError: null value in column "epoch"/)
    assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), /a hash/)
  })

  it('what is old is deleted, much of it too, and nothing else', async () => {
    const now = host.clock.now()
    const day = 86_400_000
    const old = Array.from({ length: 1_234 }, (_, i) => ({ id_hash: `old${i}`, data: '{}', expires_at: now - 1 }))
    await db.insertInto('security_session_data').values(old).execute()
    await db
      .insertInto('security_session_data')
      .values({ id_hash: 'fresh', data: '{}', expires_at: now + day })
      .execute()
    const records = new SessionRecords(db, host.clock)
    const other = new SessionRecords(db, host.clock)
    await Promise.all([records.prune(), other.prune()])
    const left = await db
      .selectFrom('security_session_data')
      .select('id_hash')
      .where('id_hash', 'like', '%o%')
      .execute()
    assert.deepEqual(left, [])
    const fresh = await db.selectFrom('security_session_data').select('data').where('id_hash', '=', 'fresh').execute()
    assert.equal(fresh.length, 1)
  })
})
