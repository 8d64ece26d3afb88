import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import type { SecurityEvent } from 'sallyport'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { ada, grace, PASSWORDS, startHost, tove, type Host } from '../support/host.js'
import { BASE, CHROME, FIREFOX, type Browser } from '../support/browser.js'
import { until } from '../support/clock.js'

const WRONG = 'Wrong-Horse-7-Battery'
const NEW = 'Violet-Kettle-77-Moor'

interface Row {
  action: string
  actor: string
  user: string | null
  outcome: string
  details: Record<string, unknown>
}

describe('The audit log', () => {
  let host: Host
  let db: Database
  before(async () => {
    host = await startHost()
    db = await openDatabase(host.database)
  })
  after(async () => {
    await db.destroy()
    await host.close()
  })
  beforeEach(async () => {
    await host.security.sessions.revokeAll(ada.id)
    await db.deleteFrom('security_audit_events').execute()
  })

  const rows = async () => db.selectFrom('security_audit_events').selectAll().orderBy('occurred_at').execute()

  async function log(): Promise<Row[]> {
    return (await rows()).map((row) => ({
      action: row.action,
      actor: row.actor_id ? `${row.actor_type} ${row.actor_id}` : row.actor_type,
      user: row.user_id,
      outcome: row.outcome,
      details: JSON.parse(row.details) as Record<string, unknown>,
    }))
  }

  async function signedIn(agent = CHROME): Promise<Browser> {
    const browser = host.browser(agent)
    assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
    return browser
  }
  const idOf = async (browser: Browser) => (await browser.sessions()).find((each) => each.current)!.id

  it('tells of a sign-in: who, from where, by what', async () => {
    const browser = await signedIn(FIREFOX)
    const [row, ...more] = await rows()
    assert.deepEqual(more, [])
    const { id, occurred_at: at, details, ...rest } = row!
    assert.deepEqual(rest, {
      action: 'auth.sign_in_succeeded',
      actor_type: 'user',
      actor_id: ada.id,
      user_id: ada.id,
      outcome: 'success',
      ip: '127.0.0.1',
      user_agent: FIREFOX,
    })
    assert.ok(id.length >= 16)
    assert.ok(Math.abs(at - host.clock.now()) < 10_000)
    assert.deepEqual(JSON.parse(details), {
      sessionId: await idOf(browser),
      amr: ['pwd'],
      remembered: false,
      newDevice: false,
    })
  })

  it('tells of sign-ins that failed, never what was typed', async () => {
    const disabled = host.security.users
    await disabled.disable(grace.id)
    await db.deleteFrom('security_audit_events').execute()
    for (const [email, password] of [
      [ada.email, WRONG],
      ['nobody@acme.test', WRONG],
      [tove.email, WRONG],
      [grace.email, PASSWORDS.u2!],
    ] as const)
      assert.equal((await host.browser().signIn({ email }, password)).status, 422)
    await disabled.enable(grace.id)
    await until('the rows, which are written after the answer', async () => (await log()).length === 5)
    const failed = { action: 'auth.sign_in_failed', actor: 'visitor', outcome: 'failure' }
    assert.deepEqual((await log()).slice(0, 4), [
      { ...failed, user: ada.id, details: { reason: 'invalid_credentials' } },
      { ...failed, user: null, details: { reason: 'invalid_credentials' } },
      { ...failed, user: tove.id, details: { reason: 'invalid_credentials' } },
      { ...failed, user: grace.id, details: { reason: 'disabled' } },
    ])
    assert.doesNotMatch(JSON.stringify(await rows()), /Wrong-Horse|nobody@acme/)
  })

  it('tells of revocations with their reason, of sign-outs, changes and step-ups, and by whom', async () => {
    const [here, laptop, phone] = [await signedIn(), await signedIn(FIREFOX), await signedIn()]
    const [id, laptops, phones] = [await idOf(here), await idOf(laptop), await idOf(phone)]
    await db.deleteFrom('security_audit_events').execute()
    const ticking = async (work: Promise<unknown>) => {
      await work
      host.clock.advance(1_000) // so that the order of the rows is the order of the story
    }
    const [list, stepUp] = [await here.visit(`${BASE}/sessions`), await here.visit(`${BASE}/step-up`)]
    await ticking(here.submit(list, `/sessions/${laptops}/revoke`))
    await ticking(here.submit(list, `/sessions/${laptops}/revoke`)) // had ended before: no news
    await ticking(here.submit(list, '/sessions/revoke-others'))
    await ticking(here.submit(stepUp, '/step-up', { password: WRONG }))
    await ticking(here.submit(stepUp, '/step-up', { password: PASSWORDS.u1! }))
    const overview = await here.visit(`${BASE}/`)
    const typed = { currentPassword: PASSWORDS.u1!, newPassword: NEW, confirmPassword: NEW }
    await ticking(here.submit(overview, '/password', { ...typed, newPassword: 'weak' }))
    await ticking(here.submit(overview, '/password', typed))
    await ticking(here.submit(overview, '/sign-out'))
    await ticking(host.security.passwords.set(ada.id, PASSWORDS.u1!))
    const laptopAgain = await idOf(await signedIn(FIREFOX))
    host.clock.advance(1_000)
    await ticking(host.security.sessions.revokeAll(ada.id))

    const byAda = { actor: 'user u1', user: 'u1', outcome: 'success' }
    const byHost = { ...byAda, actor: 'host' }
    assert.deepEqual(await log(), [
      { action: 'auth.session_revoked', ...byAda, details: { sessionId: laptops, reason: 'revoked' } },
      { action: 'auth.session_revoked', ...byAda, details: { sessionId: phones, reason: 'revoked_others' } },
      { action: 'auth.step_up_failed', ...byAda, outcome: 'failure', details: { sessionId: id } },
      { action: 'auth.step_up_passed', ...byAda, details: { sessionId: id, amr: ['pwd'] } },
      { action: 'auth.password_changed', ...byAda, details: { sessionsRevoked: 0, initial: false } },
      { action: 'auth.signed_out', ...byAda, details: { sessionId: id } },
      { action: 'auth.password_changed', ...byHost, details: { sessionsRevoked: 0, initial: false } },
      {
        action: 'auth.sign_in_succeeded',
        ...byAda,
        details: { sessionId: laptopAgain, amr: ['pwd'], remembered: false, newDevice: false },
      },
      { action: 'auth.session_revoked', ...byHost, details: { sessionId: laptopAgain, reason: 'revoked' } },
    ])
  })

  it('no secret stands in any column of any table, nor anywhere in the file', async () => {
    const secrets = new Set([...Object.values(PASSWORDS), WRONG, NEW])
    const remember = async (browser: Browser) => {
      for (const name of ['sallyport', 'sallyport_form']) {
        const value = decodeURIComponent(browser.cookie(name) ?? '').replace(/^s:/, '')
        for (const secret of [value, ...value.split('.')]) if (secret.length >= 20) secrets.add(secret)
      }
      const page = await browser.visit(`${BASE}/`)
      const { csrfToken } = page.fieldsOf(page.status === 200 ? '/sign-out' : '/sign-in')
      for (const secret of [csrfToken!, csrfToken!.split('.')[1]!]) secrets.add(secret)
      return page
    }
    const visitor = host.browser()
    const form = await visitor.visit(`${BASE}/sign-in`)
    for (const secret of form.fieldsOf('/sign-in').csrfToken!.split('.')) secrets.add(secret)
    await visitor.signIn({ email: PASSWORDS.u1! }, WRONG) // a password in the wrong field
    await visitor.signIn(ada, WRONG)
    const [here, laptop] = [await signedIn(), await signedIn(FIREFOX)]
    for (const browser of [here, laptop]) await remember(browser)
    await here.json('/cart', { of: 'Ada' })
    const typed = { currentPassword: PASSWORDS.u1!, newPassword: NEW, confirmPassword: NEW }
    await here.submit(await remember(here), '/password', { ...typed, currentPassword: WRONG })
    await here.submit(await remember(here), '/password', typed)
    await here.submit(await here.visit(`${BASE}/step-up`), '/step-up', { password: NEW })
    await here.submit(await remember(here), '/sign-out')
    await until(
      'the failures are written',
      async () => (await log()).filter((row) => row.action === 'auth.sign_in_failed').length === 2,
    )
    assert.ok(secrets.size > 15)

    const written: string[] = []
    for (const { name } of await db.introspection.getTables()) {
      const { rows: all } = await sql`select * from ${sql.table(name)}`.execute(db)
      written.push(JSON.stringify(all))
    }
    assert.match(written.join('\n'), /Ada Lindqvist/)
    const path = /^sqlite:(.*)/.exec(host.database)?.[1]
    if (path) for (const file of [path, `${path}-wal`]) written.push(await readFile(file, 'latin1'))
    for (const secret of secrets)
      assert.ok(!written.some((text) => text.includes(secret)), `${secret} is in the database`)
    const users = await db.selectFrom('security_users').selectAll().execute()
    const hashes = users.flatMap((user) => user.password_hash ?? [])
    assert.equal(hashes.length, 2)
    for (const hash of hashes) assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    await host.security.passwords.set(ada.id, PASSWORDS.u1!)
  })

  it('security.on hears once, after commit; what a listener throws is its own affair', async () => {
    const heard: [SecurityEvent, number][] = []
    const stop = host.security.on('auth.session_revoked', async (event) => {
      const { rows: seen } = await sql`select * from security_audit_events
        where action = ${event.action} and details = ${JSON.stringify(event.details)}`.execute(db)
      heard.push([event, seen.length])
      throw new Error('the listener is broken')
    })
    host.security.on('auth.session_revoked', () => {
      throw new Error('this one too')
    })
    const [here, laptop] = [await signedIn(), await signedIn(FIREFOX)]
    const id = await idOf(laptop)
    const done = await here.submit(await here.visit(`${BASE}/sessions`), `/sessions/${id}/revoke`)
    assert.equal(done.status, 303)
    assert.equal(await laptop.isSignedIn(), false)
    await until('both have thrown', () => host.errors.length === 2)
    assert.deepEqual(host.errors.splice(0).map(String).toSorted(), [
      'Error: the listener is broken',
      'Error: this one too',
    ])
    assert.equal(heard.length, 1)
    const [event, rowsSeen] = heard[0]!
    assert.equal(rowsSeen, 1, 'the row is there for others to see')
    const { occurredAt, ...told } = event
    assert.deepEqual(told, {
      action: 'auth.session_revoked',
      actor: { type: 'user', id: ada.id },
      userId: ada.id,
      outcome: 'success',
      origin: { ip: '127.0.0.1', userAgent: CHROME, language: null },
      details: { sessionId: id, reason: 'revoked' },
    })
    assert.ok(Math.abs(occurredAt - host.clock.now()) < 10_000)

    stop()
    host.clock.settle(11_000) // the same message is told at most once in ten seconds
    await host.security.sessions.revokeAll(ada.id)
    await until('the other one has thrown', () => host.errors.length === 1)
    assert.equal(heard.length, 1)
    host.errors.splice(0)
  })
})
