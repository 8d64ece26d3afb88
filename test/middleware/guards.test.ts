import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { ConfigurationError } from 'sallyport'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { whileLocked } from '../support/sql.js'
import { ada, PASSWORDS, startHost, tove, type Host } from '../support/host.js'
import { BASE, type Browser } from '../support/browser.js'

const MINUTE_MS = 60_000

describe('Guards', () => {
  let host: Host
  before(async () => {
    host = await startHost({
      routes: (app, security) => {
        app.get('/api/invoices', security.requireApiKey({ scopes: ['invoices:read'] }), (_req, res) => {
          res.json({ invoices: [] })
        })
        app.get('/today', security.requireStepUp({ maxAge: '1d' }), (_req, res) => void res.json({ today: true }))
        app.post('/transfer', security.requireSession(), (_req, res) => void res.json({ transferred: true }))
        app.get('/who', (req, res, next) => {
          const { user, session, organization, apiKey, signal } = req.security
          const told = { user, session, organization, apiKey, ended: signal.aborted }
          req.security.loadUser().then((own) => res.json({ ...told, own }), next)
        })
        app.post('/sign-in-as-tove', (req, res, next) => {
          security.signIn(req, tove, { amr: ['fed'] }).then(() => res.json({}), next)
        })
      },
    })
  })
  after(() => host.close())
  afterEach('nothing was reported', () => assert.deepEqual(host.errors, []))

  async function signedIn(): Promise<Browser> {
    const browser = host.browser()
    assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
    return browser
  }

  describe('requireSession', () => {
    it('leads a visitor to sign-in, and back to the very address', async () => {
      const browser = host.browser()
      const refused = await browser.visit('/invoices?year=2026&who=%C3%A5')
      assert.equal(refused.status, 303)
      const form = await browser.follow(refused)
      const done = await browser.submit(form, '/sign-in', { email: ada.email, password: PASSWORDS.u1! })
      assert.equal(done.location, '/invoices?year=2026&who=%C3%A5')
    })

    it('resumes a refused form at the page that it came from, never at the form', async () => {
      const browser = host.browser()
      const from = async (headers: Record<string, string>) => (await browser.post('/transfer', {}, headers)).location
      assert.equal(await from({ Referer: `${host.url}/?tab=2` }), `${BASE}/sign-in?returnTo=%2F%3Ftab%3D2`)
      assert.equal(await from({ Referer: 'https://evil.example/x' }), `${BASE}/sign-in`)
      assert.equal(await from({ Referer: `${host.url}.evil.example/x` }), `${BASE}/sign-in`)
      assert.equal(await from({}), `${BASE}/sign-in`)
    })

    it('tells a script, in problem+json; so it does who asks for nothing in particular', async () => {
      for (const Accept of ['application/json', '*/*', 'text/csv', 'application/problem+json']) {
        const page = await host.browser().visit('/invoices', { Accept })
        assert.equal(page.status, 401, Accept)
        assert.match(page.response.type, /^application\/problem\+json/)
        assert.deepEqual(page.json, { title: 'sign_in_required', status: 401, code: 'sign_in_required' })
      }
    })

    it('tells the handler who it is', async () => {
      const before = (await host.browser().json('/who')).json
      assert.deepEqual(before, { user: null, session: null, organization: null, apiKey: null, ended: true, own: null })

      const browser = await signedIn()
      const { session, ...told } = (await browser.json('/who')).json
      const user = { id: ada.id, email: ada.email, name: ada.name }
      assert.deepEqual(told, { user, organization: null, apiKey: null, ended: false, own: ada })
      const { id, amr, createdAt, authenticatedAt } = session as Record<string, string> & { amr: { method: string }[] }
      assert.equal(id, (await browser.sessions())[0]!.id)
      assert.deepEqual(
        amr.map((each) => each.method),
        ['pwd'],
      )
      for (const time of [createdAt, authenticatedAt])
        assert.ok(Math.abs(Date.parse(time!) - host.clock.now()) < 10_000, time)
    })
  })

  describe('requireStepUp', () => {
    it('lets a fresh sign-in pass, and asks for a proof when it is older than maxAge', async () => {
      const browser = await signedIn()
      host.clock.advance(10 * MINUTE_MS - 5_000)
      assert.equal((await browser.json('/payouts')).status, 200)
      host.clock.advance(5_000)
      const problem = await browser.json('/payouts')
      assert.deepEqual([problem.status, problem.json.code], [401, 'step_up_required'])
      const challenge = problem.response.headers['www-authenticate'] as string
      assert.match(challenge, /^\S+ error="insufficient_user_authentication", max_age="?600"?$/) // RFC 9470, 3
      for (const path of ['/invoices', '/today']) assert.equal((await browser.json(path)).status, 200, path)
    })

    it('the step-up page goes on where the browser was, under a new session id', async () => {
      const browser = await signedIn()
      host.clock.advance(20 * MINUTE_MS)
      const refused = await browser.visit('/payouts?month=11')
      assert.deepEqual([refused.status, refused.location], [303, `${BASE}/step-up?returnTo=%2Fpayouts%3Fmonth%3D11`])
      const page = await browser.follow(refused)
      assert.equal(page.$('[name=password]').attr('autocomplete'), 'current-password')

      const wrong = await browser.submit(page, '/step-up', { password: 'Wrong-Horse-7-Battery' })
      assert.equal(wrong.status, 422)
      assert.match(wrong.errorsUnder('password').join(), /not your current password/)
      assert.ok(!wrong.response.text.includes('Wrong-Horse'))
      assert.equal(wrong.fieldsOf('/step-up').returnTo, '/payouts?month=11')
      assert.equal((await browser.json('/payouts')).status, 401)

      const copy = host.browser()
      copy.setCookie(`sallyport=${browser.cookie()}; Path=/`)
      assert.ok(await copy.isSignedIn())
      const sessions = await browser.sessions()
      const done = await browser.submit(wrong, '/step-up', { password: PASSWORDS.u1! })
      assert.deepEqual([done.status, done.location], [303, '/payouts?month=11'])
      assert.equal((await browser.follow(done)).status, 200)
      assert.equal(await copy.isSignedIn(), false, 'the old id is dead')
      assert.deepEqual(
        (await browser.sessions()).map((each) => each.id).toSorted(),
        sessions.map((each) => each.id).toSorted(),
      )
      const { session } = (await browser.json('/who')).json as { session: { amr: { method: string; at: number }[] } }
      assert.equal(session.amr.length, 1)
      assert.ok(host.clock.now() - session.amr[0]!.at < MINUTE_MS)
    })

    it('an old tab of the step-up page leads nowhere else', async () => {
      const browser = await signedIn()
      const page = await browser.visit(`${BASE}/step-up?returnTo=${encodeURIComponent('//evil.example')}`)
      const typed = { password: PASSWORDS.u1!, returnTo: 'https://evil.example/' }
      assert.equal((await browser.submit(page, '/step-up', typed)).location, `${BASE}/`)
    })

    it('a visitor is led to sign-in, not to step-up', async () => {
      const page = await host.browser().visit('/payouts')
      assert.equal(page.location, `${BASE}/sign-in?returnTo=%2Fpayouts`)
      assert.equal((await host.browser().json('/payouts')).json.code, 'sign_in_required')
      assert.equal((await host.browser().visit(`${BASE}/step-up`)).status, 303)
    })

    it('who has no password here is told to sign in again, and none will do', async () => {
      const browser = host.browser()
      await browser.json('/sign-in-as-tove', {})
      host.clock.advance(20 * MINUTE_MS)
      const page = await browser.follow(await browser.visit('/payouts'))
      assert.match(page.text, /sign in (there )?again/i)
      assert.equal(page.$('[name=password]').length, 0)
      const { csrfToken } = page.fieldsOf('/sign-out') as { csrfToken: string }
      for (const password of ['null', '', PASSWORDS.u1!])
        assert.equal((await browser.post(`${BASE}/step-up`, { password, csrfToken })).status, 422)
      assert.equal((await browser.json('/payouts')).status, 401)
    })

    it('a maxAge that is no duration refuses to start', () => {
      for (const maxAge of [600, '600', '10 minutes', '', null, '-1m', '1.5h'])
        assert.throws(
          () => host.security.requireStepUp({ maxAge: maxAge as never }),
          (error) => error instanceof ConfigurationError && error.message.includes("'10m'"),
          String(maxAge),
        )
    })
  })

  describe('requireApiKey', () => {
    it('lets nobody pass as long as there are no keys, signed in or not', async () => {
      for (const browser of [host.browser(), await signedIn()])
        for (const Authorization of ['', 'Bearer x', `Basic ${btoa('a:b')}`]) {
          const page = await browser.json('/api/invoices', undefined, { Authorization })
          assert.deepEqual([page.status, page.json.code], [401, 'api_key_invalid'])
          assert.match(page.response.headers['www-authenticate'] as string, /^Bearer realm=/)
        }
      const html = await host.browser().visit('/api/invoices')
      assert.equal(html.status, 401)
      assert.match(html.text, /Not allowed/)
    })

    it('without scopes refuses to start', () => {
      for (const scopes of [[], undefined, 'invoices:read'])
        assert.throws(() => host.security.requireApiKey({ scopes: scopes as never }), ConfigurationError)
    })
  })

  it('what a guard refuses for the host, the host may refuse itself: errors of others are not ours', async () => {
    const page = await host.browser().visit('/no-such-page-of-the-host')
    assert.equal(page.status, 404)
    assert.match(page.response.text, /Cannot GET/)
  })
})

describe('While the database does not answer', () => {
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

  it('guards say 503, public pages go on, nobody is signed in or out; then all is back', async () => {
    const [member, visitor] = [host.browser(), host.browser()]
    await member.signIn(ada, PASSWORDS.u1!)
    const [cookie, overview] = [member.cookie(), await member.visit(`${BASE}/`)]
    const form = await visitor.visit(`${BASE}/sign-in`)
    for (const table of ['sessions', 'users', 'session_data'])
      await sql`alter table ${sql.table(`security_${table}`)} rename to ${sql.table(`gone_${table}`)}`.execute(db)

    for (const path of ['/invoices', '/payouts', `${BASE}/`, `${BASE}/sessions`, `${BASE}/step-up`]) {
      const began = performance.now()
      const problem = await member.json(path)
      assert.deepEqual([problem.status, problem.json.code], [503, 'unavailable'], path)
      assert.match(problem.response.headers['retry-after'] as string, /^[1-9]\d?$/)
      assert.equal(problem.response.headers['cache-control'], 'no-store')
      const page = await member.visit(path)
      assert.equal(page.status, 503, path)
      assert.match(page.text, /Try again in 2 seconds/)
      assert.doesNotMatch(page.text, /no such table/)
      for (const { response } of [page, problem])
        assert.doesNotMatch(String(response.headers['set-cookie']), /sallyport=/)
      assert.ok(performance.now() - began < 2_000)
    }
    for (const browser of [member, visitor]) {
      assert.equal((await browser.visit('/')).text, 'welcome')
      assert.equal((await browser.visit(`${BASE}/sign-in`)).status, 200)
    }
    assert.equal((await visitor.json('/invoices')).json.code, 'sign_in_required')
    const refused = await visitor.submit(form, '/sign-in', { email: ada.email, password: PASSWORDS.u1! })
    assert.ok([500, 503].includes(refused.status), `${refused.status}`)
    assert.equal(visitor.cookie(), undefined)
    const out = await member.submit(overview, '/sign-out')
    assert.ok(out.status >= 400, `a sign-out that could not be: ${out.status}`)
    assert.equal(member.cookie(), cookie)
    assert.ok(host.errors.splice(0).every((error) => /no such table|does not exist/.test(String(error))))

    for (const table of ['sessions', 'users', 'session_data'])
      await sql`alter table ${sql.table(`gone_${table}`)} rename to ${sql.table(`security_${table}`)}`.execute(db)
    assert.ok(await member.isSignedIn())
    assert.equal((await visitor.submit(form, '/sign-in', { email: ada.email, password: PASSWORDS.u1! })).status, 303)
    assert.equal((await member.submit(overview, '/sign-out')).status, 303)
  })

  it('a change that another process keeps from being written is answered 503, and has not happened', async () => {
    const [member, laptop, visitor] = [host.browser(), host.browser(), host.browser()]
    for (const browser of [member, laptop]) await browser.signIn(ada, PASSWORDS.u1!)
    const [list, form] = [await member.visit(`${BASE}/sessions`), await visitor.visit(`${BASE}/sign-in`)]
    const login = { email: ada.email, password: PASSWORDS.u1! }
    const id = (await laptop.sessions()).find((each) => each.current)!.id
    const answers = await whileLocked(db, async () => {
      assert.ok(await member.isSignedIn(), 'a check reads only')
      return [await visitor.submit(form, '/sign-in', login), await member.submit(list, `/sessions/${id}/revoke`)]
    })
    assert.equal(visitor.cookie(), undefined)
    assert.ok(await laptop.isSignedIn())
    assert.equal((await visitor.submit(form, '/sign-in', login)).status, 303)
    assert.equal((await member.submit(list, `/sessions/${id}/revoke`)).status, 303)
    assert.ok(host.errors.splice(0).every((error) => /locked|busy|lock timeout/i.test(String(error))))
    for (const page of answers) assert.deepEqual([page.status, page.response.headers['retry-after']], [503, '2'])
  })
})
