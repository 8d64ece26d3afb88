import assert from 'node:assert/strict'
import { Redis } from 'ioredis'
import supertest from 'supertest'
import { openDatabase } from '../../src/stores/sql/database.js'
import { ada, grace, PASSWORDS, startHost, type Host } from '../support/host.js'
import { BASE, FIREFOX, Page, type Browser } from '../support/browser.js'
import { startRedis } from '../support/services.js'

const EVIL = 'https://evil.example'
const NEW = 'Violet-Kettle-77-Moor'

describe('Forged requests', () => {
  let host: Host
  before(async () => void (host = await startHost()))
  after(() => host.close())
  beforeEach(() => host.security.sessions.revokeAll(ada.id))

  async function signedIn(person = ada, agent?: string): Promise<Browser> {
    const browser = host.browser(agent)
    assert.equal((await browser.signIn(person, PASSWORDS[person.id]!)).status, 303)
    return browser
  }

  const tokenOf = async (browser: Browser) => (await browser.visit(`${BASE}/sessions`)).fieldsOf('/sign-out').csrfToken!

  /** A POST with these headers and no others, with the cookies of a browser. */
  async function raw(browser: Browser, path: string, headers: Record<string, string>, body: string | object = '') {
    const cookies = ['sallyport', 'sallyport_form'].flatMap((name) => {
      const value = browser.cookie(name)
      return value ? [`${name}=${value}`] : []
    })
    const request = supertest(host.url).post(path)
    return new Page(
      await request.set({ Cookie: cookies.join('; '), Accept: 'application/json', ...headers }).send(body),
    )
  }
  const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

  it('a POST without the token, with a foreign one or from elsewhere is refused and does nothing', async () => {
    const [here, other, stranger] = [await signedIn(), await signedIn(ada, FIREFOX), await signedIn(grace)]
    await signedIn(grace)
    const [csrfToken, foreign] = [await tokenOf(here), await tokenOf(stranger)]
    const visitor = host.browser()
    const visitors = (await visitor.visit(`${BASE}/sign-in`)).fieldsOf('/sign-in').csrfToken!
    here.setCookie(`sallyport_form=${visitor.cookie('sallyport_form')}; Path=/`)
    const [salt, signature] = csrfToken.split('.') as [string, string]
    const own = { 'Sec-Fetch-Site': 'same-origin', Origin: host.url }
    const body = `csrfToken=${csrfToken}`
    const attacks: Record<string, [Record<string, string>, string | object]> = {
      'no token': [{ ...FORM, ...own }, ''],
      'an empty token': [{ ...FORM, ...own }, 'csrfToken='],
      'an empty token, the right one in the header': [{ ...FORM, ...own, 'X-CSRF-Token': csrfToken }, 'csrfToken='],
      'the token twice': [{ ...FORM, ...own }, `${body}&${body}`],
      "another session's token": [{ ...FORM, ...own }, `csrfToken=${foreign}`],
      "a visitor's token, with the visitor's cookie": [{ ...FORM, ...own }, `csrfToken=${visitors}`],
      'another salt': [{ ...FORM, ...own }, `csrfToken=${salt}x.${signature}`],
      'the salt alone': [{ ...FORM, ...own }, `csrfToken=${salt}.`],
      'the token in the query': [{ ...FORM, ...own }, ''],
      'the token as plain text': [{ ...own, 'Content-Type': 'text/plain' }, body],
      'JSON that says it is plain text': [{ ...own, 'Content-Type': 'text/plain' }, JSON.stringify({ csrfToken })],
      'Sec-Fetch-Site: cross-site': [{ ...FORM, 'Sec-Fetch-Site': 'cross-site', Origin: EVIL }, body],
      'Sec-Fetch-Site: cross-site, our Origin': [{ ...FORM, ...own, 'Sec-Fetch-Site': 'cross-site' }, body],
      'Sec-Fetch-Site: same-site': [{ ...FORM, 'Sec-Fetch-Site': 'same-site', Origin: 'http://a.localhost' }, body],
      'a Sec-Fetch-Site that nobody knows': [{ ...FORM, ...own, 'Sec-Fetch-Site': 'cousin' }, body],
      'a foreign Origin and no Sec-Fetch-Site': [{ ...FORM, Origin: EVIL }, body],
      'Origin: null': [{ ...FORM, Origin: 'null' }, body],
      'our host on another port': [{ ...FORM, Origin: 'http://localhost:1' }, body],
      'JSON from elsewhere': [{ 'Sec-Fetch-Site': 'cross-site', Origin: EVIL }, { csrfToken }],
      'JSON with an array': [own, { csrfToken: [csrfToken] }],
    }
    for (const [name, [headers, sent]] of Object.entries(attacks)) {
      const query = name.includes('query') ? `?csrfToken=${csrfToken}` : ''
      const page = await raw(here, `${BASE}/sessions/revoke-others${query}`, headers, sent)
      assert.deepEqual([page.status, page.json.code], [403, 'csrf'], name)
      assert.ok(await other.isSignedIn(), name)
    }
    const honest = await raw(here, `${BASE}/sessions/revoke-others`, { ...FORM, ...own }, body)
    assert.deepEqual([honest.status, honest.json.revoked], [200, 1])
    assert.equal(await other.isSignedIn(), false)
  })

  it('every form of ours asks for the token', async () => {
    const [browser, other] = [await signedIn(), await signedIn()]
    const id = (await other.sessions()).find((each) => each.current)!.id
    for (const path of [
      '/sign-in',
      '/sign-out',
      '/password',
      '/step-up',
      '/sessions/revoke-others',
      `/sessions/${id}/revoke`,
    ])
      for (const body of [{}, { csrfToken: '' }, { email: ada.email, password: PASSWORDS.u1 }]) {
        const page = await browser.json(BASE + path, body)
        assert.deepEqual([page.status, page.json.code], [403, 'csrf'], path)
        const html = await browser.post(BASE + path, {})
        assert.equal(html.status, 403, path)
        assert.match(html.text, path === '/sign-in' ? /you were not signed in/ : /Nothing was changed/)
      }
    for (const each of [browser, other]) assert.ok(await each.isSignedIn())
  })

  it('what says neither Sec-Fetch-Site nor Origin has the token alone; a typed address is no other site', async () => {
    const ways: [Record<string, string>, (token: string) => string | object][] = [
      [FORM, (csrfToken) => `csrfToken=${csrfToken}`],
      [{}, (csrfToken) => ({ csrfToken })],
      [{ ...FORM, Origin: host.url }, (csrfToken) => `csrfToken=${csrfToken}`],
      [{ ...FORM, 'Sec-Fetch-Site': 'none' }, (csrfToken) => `csrfToken=${csrfToken}`],
    ]
    for (const [headers, body] of ways) {
      const [here, other] = [await signedIn(), await signedIn()]
      const page = await raw(here, `${BASE}/sessions/revoke-others`, headers, body(await tokenOf(here)))
      assert.equal(page.status, 200)
      assert.equal(await other.isSignedIn(), false)
      await host.security.sessions.revokeAll(ada.id)
    }
  })

  it('the header X-CSRF-Token does as well as the field', async () => {
    const [here, other] = [await signedIn(), await signedIn()]
    const headers = { 'X-CSRF-Token': await tokenOf(here) }
    const page = await raw(here, `${BASE}/sessions/revoke-others`, { ...headers, 'Content-Type': 'text/plain' }, 'x')
    assert.equal(page.status, 200)
    assert.equal(await other.isSignedIn(), false)
  })

  it('a tab that was open before a password change still works after it', async () => {
    const here = await signedIn()
    const tab = await here.visit(`${BASE}/sessions`)
    const before = here.cookie()
    const form = { currentPassword: PASSWORDS.u1!, newPassword: NEW, confirmPassword: NEW }
    assert.equal((await here.submit(await here.visit(`${BASE}/`), '/password', form)).status, 303)
    assert.notEqual(here.cookie(), before)
    const other = host.browser()
    await other.signIn(ada, NEW)
    assert.equal((await here.submit(tab, '/sign-out')).status, 303)
    assert.equal(await here.isSignedIn(), false)
    await host.security.passwords.set(ada.id, PASSWORDS.u1!)
  })

  it('each page has a token of its own, and tells nothing of the last', async () => {
    const here = await signedIn()
    const tokens = [await tokenOf(here), await tokenOf(here)].map((token) => token.split('.'))
    for (const part of [0, 1]) assert.notEqual(tokens[0]![part], tokens[1]![part])
  })

  it('a sign-in form is good for an hour; then it comes back with the e-mail and a fresh token', async () => {
    const late = host.browser()
    const open = await late.visit(`${BASE}/sign-in?returnTo=%2Finvoices`)
    const typed = { email: ada.email, password: PASSWORDS.u1!, remember: 'on' }
    host.clock.advance(3_599_000)
    const inTime = host.browser()
    inTime.setCookie(`sallyport_form=${late.cookie('sallyport_form')}; Path=/`)
    assert.equal((await inTime.submit(open, '/sign-in', typed)).status, 303)

    host.clock.advance(2_000)
    const again = await late.submit(open, '/sign-in', typed)
    assert.equal(again.status, 403)
    assert.match(again.text, /open for too long/)
    assert.equal(again.$('[name=email]').attr('value'), ada.email)
    assert.equal(again.$('[name=remember]').attr('checked'), 'checked')
    assert.ok(!again.response.text.includes(PASSWORDS.u1!))
    assert.equal(again.fieldsOf('/sign-in').returnTo, '/invoices')
    const done = await late.submit(again, '/sign-in', typed)
    assert.deepEqual([done.status, done.location], [303, '/invoices'])
  })

  it('a page that was open for too long is offered again, also one that a form was refused on', async () => {
    const browser = host.browser()
    await browser.signIn(ada, PASSWORDS.u1!)
    for (const [stood, again] of [
      [`${BASE}/sessions?page=2`, `${BASE}/sessions?page=2`],
      [`${BASE}/password`, `${BASE}/`], // which answers no GET
    ] as const) {
      const page = await browser.post(`${BASE}/password`, { csrfToken: 'old' }, { Referer: host.url + stood })
      assert.equal(page.status, 403)
      assert.match(page.text, /Nothing was changed\..*Open the page again/)
      const link = page.$('main .sp-button').first().attr('href')!
      assert.equal(link, again)
      assert.equal((await browser.visit(link)).status, 200)
    }
  })

  it('two tabs of the sign-in page are one visitor: either may be sent', async () => {
    const browser = host.browser()
    const first = await browser.visit(`${BASE}/sign-in`)
    await browser.visit(`${BASE}/sign-in`)
    const page = await browser.submit(first, '/sign-in', { email: ada.email, password: PASSWORDS.u1! })
    assert.equal(page.status, 303)
  })

  it("a sign-in with the attacker's own form is refused: nobody is signed in as somebody else", async () => {
    const attacker = host.browser()
    const { csrfToken } = (await attacker.visit(`${BASE}/sign-in`)).fieldsOf('/sign-in') as { csrfToken: string }
    const victim = host.browser()
    await victim.visit(`${BASE}/sign-in`)
    const login = { email: grace.email, password: PASSWORDS.u2!, csrfToken }
    assert.equal((await victim.post(`${BASE}/sign-in`, login)).status, 403)
    const cross = { 'Sec-Fetch-Site': 'cross-site', Origin: EVIL }
    const form = await victim.visit(`${BASE}/sign-in`)
    assert.equal((await victim.submit(form, '/sign-in', { ...login, ...form.fieldsOf('/sign-in') }, cross)).status, 403)
    assert.equal(await victim.isSignedIn(), false)
  })

  for (const forged of [
    'sallyport_form=x.9999999999999.y',
    'sallyport_form=x',
    'sallyport_form=%E0%A4%A',
    'sallyport_form=',
  ])
    it(`a cookie that is not ours counts for nothing: ${forged}`, async () => {
      const browser = host.browser()
      browser.setCookie(`${forged}; Path=/`)
      const page = await browser.post(`${BASE}/sign-in`, {
        email: ada.email,
        password: PASSWORDS.u1!,
        csrfToken: 'x.y',
      })
      assert.equal(page.status, 403)
    })

  it('a message after a redirect is said once, and only when it was ours', async () => {
    const browser = await signedIn()
    await browser.submit(await browser.visit(`${BASE}/`), '/sign-out')
    const [text, signature] = browser.cookie('sallyport_flash')!.split('.') as [string, string]
    const lie = Buffer.from(JSON.stringify({ key: 'password.done', params: { count: 7 } })).toString('base64url')
    for (const value of [`${lie}.${signature}`, `${lie}.`, lie, `${text}x.${signature}`, '%E0%A4%A', '.']) {
      const victim = host.browser()
      victim.setCookie(`sallyport_flash=${value}; Path=/`)
      const page = await victim.visit(`${BASE}/sign-in`)
      assert.equal(page.status, 200)
      assert.doesNotMatch(page.text, /was changed|signed out/, value)
    }
    assert.match((await browser.visit(`${BASE}/sign-in`)).text, /You are signed out/)
    assert.doesNotMatch((await browser.visit(`${BASE}/sign-in`)).text, /You are signed out/)
  })
})

describe('A visitor', () => {
  for (const store of ['SQLite', 'SQLite and Redis'])
    it(`leaves nothing behind, on ${store}`, async () => {
      const server = store === 'SQLite' ? null : await startRedis()
      const host = await startHost({ redis: server?.url })
      const db = await openDatabase(host.database)
      const client = server && new Redis(server.url)
      try {
        const browser = host.browser()
        for (const path of ['/sign-in', '/', '/sessions', '/no-such-page', '/step-up']) await browser.visit(BASE + path)
        await browser.signIn(ada, 'Wrong-Horse-7-Battery')
        await browser.visit('/invoices')
        assert.ok(browser.cookie('sallyport_form'))
        assert.equal(browser.cookie(), undefined)
        for (const table of ['security_sessions', 'security_session_data', 'security_dead_ids'] as const)
          assert.deepEqual(await db.selectFrom(table).selectAll().execute(), [], table)
        for (const key of (await client?.keys('*')) ?? []) {
          assert.match(key, /^sallyport:\{[\w-]{43}\}:limit$/, 'nothing but the count of the requests of a network')
          assert.ok((await client!.ttl(key)) <= 60, 'for a minute')
        }
        assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
        assert.equal((await db.selectFrom('security_sessions').selectAll().execute()).length, 1)
      } finally {
        client?.disconnect()
        await db.destroy()
        await host.close()
        await server?.close()
      }
    })
})
