import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { ada, grace, PASSWORDS, startHost, tove, type Host, type HostOptions } from '../support/host.js'
import { BASE, CHROME, FIREFOX, type Browser, type Page } from '../support/browser.js'
import { until } from '../support/clock.js'
import { startRedis, type RedisServer } from '../support/services.js'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const KEPT = { remember: 'on' }
const KEYS = ['createdAt', 'current', 'device', 'id', 'ip', 'lastActiveAt', 'location']

/** Another browser of Ada, or of whom it is said. */
async function signedIn(host: Host, agent?: string, person = ada, fields = {}): Promise<Browser> {
  const browser = host.browser(agent)
  assert.equal((await browser.signIn(person, PASSWORDS[person.id]!, fields)).status, 303)
  return browser
}

const idOf = async (browser: Browser) => (await browser.sessions()).find((each) => each.current)!.id

/** Clicks "Revoke" beside a session. */
const revoke = async (browser: Browser, id: string) =>
  browser.submit(await browser.visit(`${BASE}/sessions`), `/sessions/${id}/revoke`)

/** The page that a browser without a session is led to. */
async function landing(browser: Browser): Promise<Page> {
  const refused = await browser.visit('/invoices')
  assert.match(refused.location, /^\/security\/sign-in\?/, `${refused.status}`)
  assert.equal(refused.response.headers['set-cookie'], undefined, 'a refusal sends no cookie')
  return browser.follow(refused)
}

/** Opens /live; resolves when the stream is there, with the promise of its end. */
async function live(host: Host, browser: Browser): Promise<{ ended: Promise<number>; isOpen: () => boolean }> {
  const response = await fetch(`${host.url}/live`, { headers: { cookie: `sallyport=${browser.cookie()}` } })
  assert.equal(response.status, 200)
  const reader = response.body!.getReader()
  assert.match(Buffer.from((await reader.read()).value ?? []).toString(), /hello/)
  let open = true
  const ended = (async () => {
    while (!(await reader.read()).done);
    open = false
    return performance.now()
  })()
  return { ended, isOpen: () => open }
}

for (const store of ['SQLite', 'SQLite and Redis']) {
  describe(`Sessions, on ${store}`, () => {
    let host: Host
    let db: Database
    let redis: RedisServer | undefined
    let mayGoOn: Promise<void>
    let arrived: () => void
    before(async () => {
      if (store !== 'SQLite') redis = await startRedis()
      host = await startHost({
        redis: redis?.url,
        sessions: { perUser: 3, idle: '3d' },
        routes: (app) => {
          app.post('/slow-cart', (req, res, next) => {
            const { session } = req as unknown as { session: { cart?: string } }
            arrived()
            mayGoOn.then(() => (session.cart = 'late')).then(() => res.json({ ok: true }), next)
          })
        },
      })
      db = await openDatabase(host.database)
    })
    after(async () => {
      await db.destroy()
      await host.close()
      await redis?.close()
    })
    beforeEach(() => host.security.sessions.revokeAll(ada.id))
    afterEach(() => assert.deepEqual(host.errors, []))

    /** Waits until it is written that a session was used just now; no request waits for that. */
    const used = (id: string) =>
      until('the use is noted', async () => {
        const session = db.selectFrom('security_sessions').select('last_active_at').where('public_id', '=', id)
        return (await session.executeTakeFirstOrThrow()).last_active_at > host.clock.now() - MINUTE_MS
      })

    it('a device that was revoked is refused at once, and told why', async () => {
      const [here, laptop] = [await signedIn(host), await signedIn(host, FIREFOX)]
      assert.ok(await laptop.isSignedIn())
      const done = await revoke(here, await idOf(laptop))
      assert.deepEqual([done.status, done.location], [303, `${BASE}/sessions`])

      const problem = await laptop.json('/invoices')
      assert.deepEqual([problem.status, problem.json.code], [401, 'session_revoked'])
      assert.match((await landing(laptop)).text, /signed out from another device/)
      assert.match((await here.follow(done)).text, /Firefox on Linux was signed out/)
      assert.ok(await here.isSignedIn())
      assert.equal((await here.sessions()).length, 1)
    })

    it('its event stream ends within a second; those of other sessions go on', async () => {
      const [here, laptop] = [await signedIn(host), await signedIn(host, FIREFOX)]
      const [mine, its] = [await live(host, here), await live(host, laptop)]
      const id = await idOf(laptop)
      assert.ok(its.isOpen())
      await revoke(here, id)
      const revoked = performance.now()
      assert.ok((await its.ended) - revoked < 1_000)
      assert.ok(mine.isOpen())
      await here.submit(await here.visit(`${BASE}/`), '/sign-out')
      await mine.ended
    })

    it('"Sign out everywhere else" ends all others and keeps this one', async () => {
      const [here, ...others] = [await signedIn(host), await signedIn(host), await signedIn(host)]
      const page = await here.visit(`${BASE}/sessions`)
      assert.match(page.text, /Sign out everywhere else/)
      const done = await here.submit(page, '/sessions/revoke-others')
      for (const other of others) assert.equal((await other.json('/invoices')).json.code, 'session_revoked')
      const after = await here.follow(done)
      assert.match(after.text, /2 other devices were signed out/)
      assert.doesNotMatch(after.text, /Sign out everywhere else/)
    })

    it('what a request in flight saves late is seen by nobody, whoever signs in next included', async () => {
      const ways: Record<string, (browser: Browser) => Promise<unknown>> = {
        revoked: () => host.security.sessions.revokeAll(ada.id),
        'signed out': async (browser) => browser.submit(await browser.visit(`${BASE}/`), '/sign-out'),
      }
      for (const [way, end] of Object.entries(ways)) {
        const browser = await signedIn(host)
        const copy = host.browser()
        copy.setCookie(`sallyport=${browser.cookie()}; Path=/`)
        const here = new Promise<void>((done) => (arrived = done))
        let goOn = () => {}
        mayGoOn = new Promise<void>((done) => (goOn = done))
        const late = copy.json('/slow-cart', {})
        await here
        await end(browser)
        goOn()
        assert.equal((await late).status, 200)
        assert.equal((await copy.json('/invoices')).status, 401, way)
        assert.equal((await copy.json('/cart')).json, null, way)
        await copy.signIn(grace, PASSWORDS.u2!)
        assert.equal((await copy.json('/cart')).json, null, way)
      }
    })

    it('signing out ends the session, also for a copy of the cookie, and is no news', async () => {
      const browser = await signedIn(host)
      const copy = host.browser()
      copy.setCookie(`sallyport=${browser.cookie()}; Path=/`)
      assert.ok(await copy.isSignedIn())
      assert.equal((await browser.visit(`${BASE}/sign-out`)).status, 405)
      assert.ok(await browser.isSignedIn())

      const done = await browser.submit(await browser.visit(`${BASE}/`), '/sign-out')
      const lines = (done.response.headers['set-cookie'] ?? []) as unknown as string[]
      const cleared = lines.find((line) => line.startsWith('sallyport='))
      assert.match(
        cleared ?? '',
        /^sallyport=; Path=\/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax$/,
      )
      assert.deepEqual([done.status, done.location], [303, `${BASE}/sign-in`])
      assert.match((await browser.follow(done)).text, /You are signed out/)
      const problem = await copy.json('/invoices')
      assert.deepEqual([problem.status, problem.json.code], [401, 'sign_in_required'])
    })

    it('with three allowed, the one longest unused makes room for the fourth', async () => {
      const three: Browser[] = []
      for (let i = 0; i < 3; i += 1) {
        three.push(await signedIn(host))
        host.clock.advance(2 * MINUTE_MS)
      }
      const [first, second, third] = three as [Browser, Browser, Browser]
      await used(await idOf(first))
      const fourth = await signedIn(host)
      const problem = await second.json('/invoices')
      assert.deepEqual([problem.status, problem.json.code], [401, 'session_revoked'])
      assert.match((await landing(second)).text, /too many devices/)
      for (const browser of [first, third, fourth]) assert.ok(await browser.isSignedIn())
      assert.equal((await fourth.sessions()).length, 3)
    })

    it('a session in daily use ends after a week, whatever its browser kept; so does its stream', async () => {
      const browser = await signedIn(host)
      const stream = await live(host, browser)
      const id = await idOf(browser)
      for (let day = 1; day < 7; day += 1) {
        host.clock.advance(DAY_MS)
        assert.ok(await browser.isSignedIn(), `day ${day}`)
        await used(id)
      }
      host.clock.advance(DAY_MS - MINUTE_MS)
      assert.ok(await browser.isSignedIn(), 'in the last minute')
      assert.ok(stream.isOpen())
      host.clock.advance(MINUTE_MS)
      const problem = await browser.json('/invoices')
      assert.deepEqual([problem.status, problem.json.code], [401, 'session_expired'])
      assert.match((await landing(browser)).text, /Your session has expired/)
      await stream.ended
    })

    it('an unused session ends at the idle limit', async () => {
      const browser = await signedIn(host)
      host.clock.advance(3 * DAY_MS - MINUTE_MS)
      assert.ok(await browser.isSignedIn())
      await used(await idOf(browser))
      host.clock.advance(3 * DAY_MS + 1)
      assert.equal((await browser.json('/invoices')).json.code, 'session_expired')
    })

    it('"keep me signed in": a month at most, and a fortnight unused', async () => {
      const [daily, rare] = [await signedIn(host, CHROME, ada, KEPT), await signedIn(host, FIREFOX, ada, KEPT)]
      const id = await idOf(daily)
      for (let day = 13; day <= 26; day += 13) {
        host.clock.advance(13 * DAY_MS)
        assert.ok(await daily.isSignedIn(), `day ${day}`)
        await used(id)
      }
      assert.equal((await rare.json('/invoices')).json.code, 'session_expired')
      host.clock.advance(4 * DAY_MS)
      assert.equal((await daily.json('/invoices')).json.code, 'session_expired')
    })
  })
}

describe('The list of sessions', () => {
  let host: Host
  let db: Database
  before(async () => {
    host = await startHost({
      routes: (app, security) => {
        app.get('/account', (req, res, next) => {
          security.fragments.sessions(req).then((list) => res.send(`<main>${list}</main>`), next)
        })
      },
    })
    db = await openDatabase(host.database)
  })
  after(async () => {
    await db.destroy()
    await host.close()
  })
  beforeEach(() => host.security.sessions.revokeAll(ada.id))

  it('names device, address and time of each, and marks the current one', async () => {
    const laptop = await signedIn(host, FIREFOX)
    host.clock.advance(2 * MINUTE_MS)
    const here = await signedIn(host)
    const page = await here.visit(`${BASE}/sessions`)
    const rows = page
      .$('.sp-session')
      .toArray()
      .map((row) => page.$(row))
    const [mine, its] = rows.map((row) => row.text().replace(/\s+/g, ' '))
    assert.equal(rows.length, 2)
    assert.match(mine!, /Chrome on Linux Current/)
    assert.match(mine!, /Last active just now.*Signed in just now/)
    assert.match(its!, /Firefox on Linux(?! Current).*Unknown location.*127\.0\.0\.1.*Last active 2 minutes ago/)
    assert.equal(rows[0]!.find('form').length, 0)
    assert.equal(rows[1]!.find('.sp-session-action').text().trim(), 'Revoke')

    const [current, other] = await here.sessions()
    assert.deepEqual(Object.keys(other!).toSorted(), KEYS)
    assert.deepEqual([current!.current, other!.current], [true, false])
    const names = { label: 'Firefox on Linux', browser: 'Firefox', system: 'Linux' }
    assert.deepEqual(other!.device, { kind: 'desktop', ...names })
    assert.deepEqual([other!.ip, other!.location], ['127.0.0.1', null])
    const time = rows[1]!.find('time').first()
    assert.equal(time.attr('datetime'), other!.lastActiveAt)
    assert.match(time.attr('title')!, /UTC$/)
    assert.ok(Math.abs(Date.parse(other!.lastActiveAt) + 2 * MINUTE_MS - host.clock.now()) < 5_000)
    assert.notEqual(await idOf(laptop), current!.id)
  })

  it('offers "Sign out everywhere else" only where there is an elsewhere', async () => {
    const here = await signedIn(host)
    for (const path of ['/', '/sessions']) {
      const page = await here.visit(BASE + path)
      assert.doesNotMatch(page.text, /Sign out everywhere else/)
      assert.equal(page.$('form[action$=revoke-others]').length, 0)
    }
    await signedIn(host)
    for (const path of ['/', '/sessions'])
      assert.match((await here.visit(BASE + path)).text, /Sign out everywhere else/)
  })

  it('clicking Revoke twice is no mistake; a script is told that there is no such session', async () => {
    const [here, laptop] = [await signedIn(host), await signedIn(host)]
    const tab = await here.visit(`${BASE}/sessions`)
    const id = await idOf(laptop)
    await here.submit(tab, `/sessions/${id}/revoke`)
    const twice = await here.submit(tab, `/sessions/${id}/revoke`)
    assert.equal(twice.status, 303)
    assert.match((await here.follow(twice)).text, /had been signed out already/)
    const { csrfToken } = tab.fieldsOf('/sign-out')
    const problem = await here.json(`${BASE}/sessions/${id}/revoke`, { csrfToken })
    assert.deepEqual([problem.status, problem.json.code], [404, 'not_found'])
  })

  it('says which device was signed out, in the language of the page; a hostile name is text, and short', async () => {
    const hostile = `<img src=x onerror=alert>${'x'.repeat(300)}/1.0 y`
    for (const [agent, language, said] of [
      [FIREFOX, 'en', /^Firefox on Linux was signed out\.$/],
      [FIREFOX, 'de', /^Firefox auf Linux wurde abgemeldet\.$/],
      ['', 'en', /^That device was signed out\.$/],
      ['', 'de', /^Das Gerät wurde abgemeldet\.$/],
      [hostile, 'en', /^<img.{1,80} was signed out\.$/],
    ] as const) {
      const [here, other] = [await signedIn(host), await signedIn(host, agent)]
      const headers = { 'Accept-Language': language }
      const list = await here.visit(`${BASE}/sessions`, headers)
      const done = await here.submit(list, `/sessions/${await idOf(other)}/revoke`, {}, headers)
      const page = await here.visit(done.location, headers)
      assert.match(page.$('.sp-flash').text().trim(), said)
      assert.equal(page.$('main img').length, 0)
      await host.security.sessions.revokeAll(ada.id)
    }
  })

  it("somebody else's session looks like one that never was, and stays alive", async () => {
    const [mine, theirs] = [await signedIn(host), await signedIn(host, FIREFOX, grace)]
    const { csrfToken } = (await mine.visit(`${BASE}/`)).fieldsOf('/sign-out') as { csrfToken: string }
    const answers: string[] = []
    for (const id of [await idOf(theirs), 'no-such-session'])
      for (const accept of ['text/html', 'application/json']) {
        const page = await mine.post(`${BASE}/sessions/${id}/revoke`, { csrfToken }, { Accept: accept })
        assert.equal(page.status, 404)
        answers.push(`${Object.keys(page.response.headers).join()} ${page.bytes.replaceAll(id, 'id')}`)
      }
    assert.equal(answers[0], answers[2])
    assert.equal(answers[1], answers[3])
    assert.ok(await theirs.isSignedIn())
    const events = db.selectFrom('security_audit_events').select('action').where('user_id', '=', grace.id)
    assert.doesNotMatch(JSON.stringify(await events.execute()), /revoked/)
  })

  it('revoking the current one, by a script that does not look, is signing out', async () => {
    const script = await signedIn(host)
    const { csrfToken } = (await script.json(`${BASE}/sessions`)).json
    const page = await script.json(`${BASE}/sessions/${await idOf(script)}/revoke`, { csrfToken })
    assert.equal(page.status, 200)
    assert.equal((await script.json('/invoices')).json.code, 'sign_in_required')
  })

  it('last active is written at most once a minute', async () => {
    const browser = await signedIn(host)
    const id = await idOf(browser)
    const written = async () =>
      (
        await db
          .selectFrom('security_sessions')
          .select('last_active_at')
          .where('public_id', '=', id)
          .executeTakeFirstOrThrow()
      ).last_active_at
    const first = await written()
    host.clock.advance(MINUTE_MS - 5_000)
    for (let i = 0; i < 5; i += 1) await browser.isSignedIn()
    await wait(100)
    assert.equal(await written(), first)
    host.clock.advance(6_000)
    await browser.isSignedIn()
    await until('a minute later it is written', async () => (await written()) > first)
    const second = await written()
    host.clock.advance(MINUTE_MS / 2)
    for (let i = 0; i < 5; i += 1) await browser.isSignedIn()
    await wait(100)
    assert.equal(await written(), second)
  })

  it("stands on a page of the host's own too, and its forms work there", async () => {
    const [here, laptop] = [await signedIn(host), await signedIn(host, FIREFOX)]
    const page = await here.visit('/account')
    assert.match(page.text, /Chrome on Linux Current.*Firefox on Linux/)
    assert.equal(page.response.headers['set-cookie'], undefined)
    assert.equal(page.response.headers['cache-control'], undefined)
    const from = { Referer: `${host.url}/account?tab=2` }
    const done = await here.submit(page, `/sessions/${await idOf(laptop)}/revoke`, {}, from)
    assert.deepEqual([done.status, done.location], [303, '/account?tab=2'])
    assert.equal(await laptop.isSignedIn(), false)
    await here.follow(done)
    assert.match(
      (await here.visit(`${BASE}/`)).text,
      /Firefox on Linux was signed out/,
      'said on the next page of ours',
    )
    assert.equal((await host.browser().visit('/account')).text, '')
  })

  it("the session's id is in no page and in no JSON", async () => {
    const browser = await signedIn(host)
    const sid = decodeURIComponent(browser.cookie()!).slice(2).split('.')[0]!
    assert.ok(sid.length >= 32)
    for (const path of ['/', '/sessions', '/step-up'])
      for (const page of [await browser.visit(BASE + path), await browser.json(BASE + path)])
        assert.ok(!page.response.text.includes(sid), path)
  })
})

describe('The address of a session', () => {
  /** The address that the list shows for a client that claims these. */
  async function shown(options: HostOptions, forwarded: string): Promise<string | null> {
    const host = await startHost({ ...options, people: [tove] })
    try {
      const browser = host.browser()
      const headers = { 'X-Forwarded-For': forwarded, Forwarded: `for=${forwarded}`, 'X-Real-IP': forwarded }
      await browser.json('/sign-in-as-tove', {}, headers)
      return (await browser.sessions())[0]!.ip
    } finally {
      await host.close()
    }
  }
  const signsIn: HostOptions['routes'] = (app, security) =>
    app.post('/sign-in-as-tove', (req, res, next) => {
      security.signIn(req, tove, { amr: ['fed'] }).then(() => res.json({}), next)
    })
  const trusting = (value: unknown): HostOptions => ({
    routes: signsIn,
    before: (app) => app.set('trust proxy', value),
  })
  const CLAIM = '198.51.100.66, 203.0.113.9'

  it('a forged X-Forwarded-For is not believed', async () =>
    assert.equal(await shown({ routes: signsIn }, CLAIM), '127.0.0.1'))

  it("by the host's trust proxy: as many hops as it says", async () => {
    assert.equal(await shown(trusting(1), CLAIM), '203.0.113.9')
    assert.equal(await shown(trusting('loopback'), CLAIM), '203.0.113.9')
    assert.equal(await shown(trusting(2), CLAIM), '198.51.100.66')
  })

  it('trust proxy "true" is believed by nobody: proxyHops decides', async () => {
    assert.equal(await shown(trusting(true), CLAIM), '127.0.0.1')
    assert.equal(await shown({ ...trusting(true), proxyHops: 1 }, CLAIM), '203.0.113.9')
    assert.equal(await shown({ ...trusting(true), proxyHops: 9 }, CLAIM), '127.0.0.1')
  })

  it('an IPv4 address in IPv6 clothes is undressed', async () =>
    assert.equal(await shown(trusting(1), '::ffff:203.0.113.9'), '203.0.113.9'))
})
