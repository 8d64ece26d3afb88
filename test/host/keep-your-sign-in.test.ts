import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ACCOUNTS, isIn, logIn, seenAs, startKeptHost, type KeptHost } from '../support/kept-host.js'
import { BASE, CHROME, FIREFOX, type Browser } from '../support/browser.js'
import { tempFolder } from '../support/services.js'
import { until } from '../support/clock.js'

const [ada, grace] = [ACCOUNTS[0]!, ACCOUNTS[1]!]
const COOKIE = 'connect.sid'

/** Posts what a page of ours has a form for. */
async function press(browser: Browser, path: string, action: string) {
  return browser.submit(await browser.visit(path), action)
}

describe('A host that keeps its own sign-in', () => {
  let host: KeptHost
  before(async () => (host = await startKeptHost()))
  after(() => host.close())

  it('signs in at its own login, and finds the browser among the devices', async () => {
    const browser = host.browser(FIREFOX)
    assert.equal((await browser.visit('/guarded')).location, '/login?returnTo=%2Fguarded')
    await logIn(browser, ada)
    assert.equal(await seenAs(browser), ada.email)
    assert.deepEqual((await browser.json('/guarded')).json, { id: '1', email: ada.email, name: ada.name })
    const page = await browser.visit(`${BASE}/sessions`)
    assert.match(page.text, /Firefox on Linux/)
    assert.equal((await browser.sessions()).length, 1)
  })

  it('a session that is revoked elsewhere is over for the app itself, not only for our guards', async () => {
    const [here, there] = [host.browser(FIREFOX), host.browser(CHROME)]
    await logIn(here, grace)
    await logIn(there, grace)
    await press(here, `${BASE}/sessions`, '/sessions/revoke-others')
    assert.equal(await seenAs(there), null)
    assert.equal(await isIn(there), false)
    assert.equal(await seenAs(here), grace.email)
    await logIn(there, grace)
    assert.equal(await seenAs(there), grace.email, 'and may sign in again')
  })

  it('gives the browser a new id at sign-in, and another one at each sign-in', async () => {
    const browser = host.browser()
    await browser.json('/cart', { bread: 1 })
    const visitor = browser.cookie(COOKIE)
    await logIn(browser, ada)
    const first = browser.cookie(COOKIE)
    await logIn(browser, ada)
    assert.equal(new Set([visitor, first, browser.cookie(COOKIE)]).size, 3)
    const stolen = host.browser()
    stolen.setCookie(`${COOKIE}=${first}; Path=/`)
    assert.equal(await seenAs(stolen), null, 'the replaced one is dead')
  })

  it("signs out by the app's own logout, and the old cookie opens nothing", async () => {
    const browser = host.browser()
    await logIn(browser, ada)
    const thief = host.browser()
    thief.setCookie(`${COOKIE}=${browser.cookie(COOKIE)}; Path=/`)
    assert.equal(await isIn(thief), true)
    await browser.post('/logout', {})
    assert.equal(await isIn(browser), false)
    assert.equal(await isIn(thief), false)
  })

  it('signs out by our page as well', async () => {
    const browser = host.browser()
    await logIn(browser, ada)
    const answer = await press(browser, `${BASE}/`, '/sign-out')
    assert.equal((await browser.follow(answer)).location, '/login')
    assert.equal(await seenAs(browser), null)
  })

  it('is told of a refused guard by its own login page, with the way back', async () => {
    const page = await host.browser().visit(`${BASE}/sessions`)
    assert.equal(page.location, `/login?returnTo=${encodeURIComponent(`${BASE}/sessions`)}`)
    assert.equal((await host.browser().post(`${BASE}/sign-in`, {})).status, 405)
  })

  it('shows no password form that could not work', async () => {
    const browser = host.browser()
    await logIn(browser, ada)
    const page = await browser.visit(`${BASE}/`)
    assert.equal(page.status, 200)
    assert.doesNotMatch(page.text, /identity provider/)
    assert.equal(page.$('form[action$="/password"]').length, 0)
  })

  it('a late save of a request in flight brings nothing back', async () => {
    const browser = host.browser()
    await logIn(browser, ada)
    const sid = decodeURIComponent(browser.cookie(COOKIE)!).slice(2).split('.')[0]!
    const saved = await new Promise((done) => host.store.get(sid, (_error, data) => done(data)))
    await browser.post('/logout', {})
    await new Promise((done) => host.store.set(sid, saved as never, done))
    const thief = host.browser()
    thief.setCookie(`${COOKIE}=${browser.cookie(COOKIE)}; Path=/`)
    assert.equal(await seenAs(thief), null)
  })

  it('a refusal sends no cookie, and the browser can fill a new cart', async () => {
    const browser = host.browser()
    await logIn(browser, ada)
    const dead = browser.cookie(COOKIE)
    await host.security!.sessions.revokeAll('1')
    const refused = await browser.json('/guarded')
    assert.equal(refused.status, 401)
    assert.equal(refused.json.code, 'session_revoked')
    assert.equal(refused.response.headers['set-cookie'], undefined)
    await browser.json('/cart', { bread: 2 })
    assert.notEqual(browser.cookie(COOKIE), dead)
    assert.deepEqual((await browser.json('/cart')).json, { bread: 2 })
  })

  it('a stream ends with its session', async () => {
    const streaming = await startKeptHost({
      routes: (app, { passport, security }) => {
        app.post('/login', (req, res, next) => {
          req.login(ada, (error) => (error ? next(error) : res.json({ ok: true })))
        })
        app.get('/live', security!.requireSession(), (req, res) => {
          res.write('hello')
          req.security.signal.addEventListener('abort', () => res.end())
        })
        void passport
      },
    })
    try {
      const browser = streaming.browser()
      await browser.post('/login', {})
      const live = browser.visit('/live')
      let over = false
      void live.then(() => (over = true))
      await until('the stream opened', async () => (await browser.sessions()).length === 1)
      assert.equal(over, false)
      await streaming.security!.sessions.revokeAll('1')
      await live
    } finally {
      await streaming.close()
    }
  })
})

describe('Sessions that were there before Sallyport', () => {
  const DAY = 86_400_000
  const inDays = (days: number) => new Date(Date.now() + days * DAY).toISOString()
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let old: KeptHost
  let database: string
  before(async () => {
    folder = await tempFolder()
    database = `sqlite:${join(folder.path, 'adopt.db')}`
  })
  after(() => folder.remove())
  beforeEach(async () => {
    database = `sqlite:${join(folder.path, `adopt-${Math.random()}.db`)}`
    old = await startKeptHost({ security: null })
  })

  /** The same app, deployed anew with Sallyport in it. */
  async function deploy(security: object): Promise<KeptHost> {
    await old.close()
    return startKeptHost({ security, continues: { ...old, database } })
  }

  it('are taken over, each once, and nobody is signed out', async () => {
    const browser = old.browser()
    await logIn(browser, ada)
    const copy = old.browser()
    copy.setCookie(`${COOKIE}=${browser.cookie(COOKIE)}; Path=/`)
    const host = await deploy({ adoptUntil: inDays(14) })
    try {
      const answers = await Promise.all(Array.from({ length: 8 }, () => browser.json('/guarded')))
      assert.deepEqual(new Set(answers.map((each) => each.status)), new Set([200]), 'all requests of one page')
      assert.equal((await browser.sessions()).length, 1)
      await press(browser, `${BASE}/sessions`, '/sign-out')
      assert.equal(await isIn(copy), false, 'once: what has ended is not taken over again')
      assert.equal(await seenAs(copy), null)
    } finally {
      await host.close()
    }
  })

  it('are not taken over without being asked for, nor after the date', async () => {
    const [first, second] = [old.browser(), old.browser()]
    await logIn(first, ada)
    await logIn(second, ada)
    let host = await deploy({})
    try {
      assert.equal(await seenAs(first), null)
    } finally {
      await host.close()
    }
    host = await startKeptHost({ security: { adoptUntil: inDays(2) }, continues: { ...old, database } })
    try {
      host.clock.advance(3 * DAY)
      assert.equal(await seenAs(second), null)
    } finally {
      await host.close()
    }
  })

  it('are over with the first "sign out everywhere" of their user, taken over or not', async () => {
    const [here, asleep] = [old.browser(), old.browser()]
    await logIn(here, ada)
    await logIn(asleep, ada)
    const host = await deploy({ adoptUntil: inDays(14) })
    try {
      assert.equal(await isIn(here), true)
      const [{ id }] = (await here.sessions()) as unknown as [{ id: string }]
      await host.security!.sessions.revokeAll('1', { except: id })
      assert.equal(await isIn(here), true)
      assert.equal(await seenAs(asleep), null)
    } finally {
      await host.close()
    }
  })

  it('prove nothing fresh: step-up is asked for', async () => {
    const browser = old.browser()
    await logIn(browser, ada)
    await old.close()
    const host = await startKeptHost({
      security: { adoptUntil: inDays(14), users: { ...users, verifyPassword } },
      continues: { ...old, database },
      routes: (app, { security }) => {
        app.get('/payouts', security!.requireStepUp(), (_req, res) => void res.json({ paid: true }))
      },
    })
    try {
      const asked = await browser.visit('/payouts')
      assert.equal(asked.location, `${BASE}/step-up?returnTo=%2Fpayouts`)
      const form = await browser.follow(asked)
      const wrong = await browser.submit(form, '/step-up', { password: 'not this' })
      assert.equal(wrong.status, 422)
      const before = browser.cookie(COOKIE)
      const right = await browser.submit(wrong, '/step-up', { password: ada.password })
      assert.equal(right.location, '/payouts')
      assert.notEqual(browser.cookie(COOKIE), before, 'under a new id')
      assert.deepEqual((await browser.json('/payouts')).json, { paid: true })
      assert.equal(await seenAs(browser), ada.email, "and the app's own user is still there")
    } finally {
      await host.close()
    }
  })

  it('a date too far ahead refuses to start', async () => {
    await assert.rejects(deploy({ adoptUntil: inDays(60) }), /adoptUntil.*at most 30 days/)
  })
})

const users = {
  findById: (id: string) => ACCOUNTS.find((each) => String(each.id) === id) ?? null,
  findByEmail: (email: string) => ACCOUNTS.find((each) => each.email === email) ?? null,
}
const verifyPassword = (account: { email: string }, password: string) =>
  ACCOUNTS.find((each) => each.email === account.email)?.password === password
