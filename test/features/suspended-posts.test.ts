import assert from 'node:assert/strict'
import { connect } from 'node:net'
import express, { type Request, type Response } from 'express'
import { openDatabase } from '../../src/stores/sql/database.js'
import { enrol, type Authenticator } from '../support/authenticator.js'
import { BASE, type Browser, type Page } from '../support/browser.js'
import { StillClock, until } from '../support/clock.js'
import { ada, grace, PASSWORDS, startHost, type Host } from '../support/host.js'
import { signedIn, STALE_MS } from './step-up-people.js'

const KINDS = ['parser before the guard', 'parser after the guard', 'no parser', 'a guard on either side of the parser']
const PATHS = ['/before', '/after', '/none', '/both']

describe('A form that is sent when the last proof is too old', () => {
  let host: Host
  let browser: Browser
  let app: Authenticator
  /** What the routes have got. */
  let got: unknown[] = []
  before(async () => {
    host = await startHost({
      clock: new StillClock(),
      requestsPerMinute: 10_000,
      formFields: () => ({ _csrf: 'of the host' }),
      routes: (at, security) => {
        const guard = security.requireStepUp({ action: 'Move <b>money</b>' })
        const parse = express.urlencoded({ extended: true, limit: '1mb' })
        const keep = (req: Request, res: Response) => {
          got.push(req.body)
          res.json(req.body)
        }
        at.post('/before', parse, guard, keep)
        at.post('/after', guard, parse, keep)
        at.post('/both', guard, parse, security.requireStepUp({ maxAge: '9m' }), keep)
        at.post('/none', guard, (req, res) => {
          const chunks: Buffer[] = []
          req.on('data', (chunk: Buffer) => chunks.push(chunk))
          req.on('end', () => {
            req.body = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
            keep(req, res)
          })
        })
        const hostCsrf = (req: Request, res: Response, next: () => void) =>
          (req.body as { _csrf?: string })._csrf === 'of the host' ? next() : void res.status(403).send('host says no')
        at.post('/deaf', guard, (_req, res) => void res.send('heard nothing'))
        at.post('/guarded', parse, hostCsrf, guard, keep)
        at.post('/strict', parse, security.requireStepUp({ maxAge: '1m' }), keep)
        at.post('/passkey', parse, security.requireStepUp({ amr: ['hwk'] }), keep)
      },
    })
    browser = await signedIn(host, ada)
    app = await enrol(browser, host.clock)
  })
  after(() => host.close())
  beforeEach(() => {
    got = []
    host.clock.advance(STALE_MS)
  })
  afterEach(() => assert.deepEqual(host.errors, []))

  /** Sends a form and goes to the page that asks who it is. */
  async function held(path: string, fields: Record<string, string> | string, from = browser): Promise<Page> {
    const refused = await from.post(path, fields, { Referer: `${host.url}/form?a=1` })
    assert.equal(refused.status, 303)
    assert.match(refused.location, /^\/security\/step-up\?suspended=[\w-]{32}&returnTo=%2Fform%3Fa%3D1$/)
    return from.follow(refused)
  }
  const confirm = async (page: Page): Promise<Page> => browser.submit(page, '/step-up', { code: app.next() })
  const goOn = async (page: Page, path: string): Promise<Page> => browser.submit(page, path)
  async function notHeld(answer: Page): Promise<void> {
    assert.equal(answer.status, 303)
    assert.doesNotMatch(answer.location, /suspended/)
    assert.match(answer.location, /^\/security\/step-up/)
    assert.equal(await count(), 0)
  }
  async function inSql() {
    const db = await openDatabase(host.database)
    const { now } = { now: host.clock.now() }
    const rows = await db
      .selectFrom('security_one_time_secrets')
      .selectAll()
      .where('purpose', '=', 'suspended_post')
      .where('expires_at', '>', now)
      .execute()
    await db.destroy()
    return rows
  }
  const count = async () => (await inSql()).length

  KINDS.forEach((kind, i) => {
    const path = PATHS[i]!
    it(`goes on after a code and one more click: ${kind}`, async () => {
      const asked = await held(path, { to: 'DE 1 & 2', amount: '10+5 €' })
      assert.match(asked.text, /What you typed is kept/)
      assert.match(asked.text, /Move <b>money<\/b>/)
      const page = await confirm(asked)
      assert.equal(page.status, 200)
      assert.match(page.text, /Move <b>money<\/b>/)
      assert.deepEqual(got, [])
      const done = await goOn(page, path)
      assert.equal(done.status, 200, done.response.text)
      assert.deepEqual(got, [{ to: 'DE 1 & 2', amount: '10+5 €' }])
      assert.equal(await count(), 0)
    })

    it(`goes on once: ${kind}`, async () => {
      const page = await confirm(await held(path, { amount: '1' }))
      await goOn(page, path)
      const again = await goOn(page, path)
      assert.equal(again.status, 409)
      assert.equal(got.length, 1)
      const json = await browser.post(path, page.fieldsOf(path), { Accept: 'application/json' })
      assert.deepEqual([json.status, json.json.code], [409, 'already_done'])
    })

    it(`is as it always was while the proof is fresh: ${kind}`, async () => {
      await confirm(await browser.visit(`${BASE}/step-up`))
      assert.equal((await browser.post(path, { amount: '7' })).status, 200)
      const big = 'x'.repeat(65_000)
      assert.equal((await browser.post(path, { big })).status, 200)
      assert.equal((await browser.post(path, { big: big + big })).status, 200)
      assert.deepEqual(got, [{ amount: '7' }, { big }, { big: big + big }])
    })

    it(`with nothing in it goes on as well: ${kind}`, async () => {
      const done = await goOn(await confirm(await held(path, '')), path)
      assert.equal(done.status, 200, done.response.text)
      assert.deepEqual(got, [{}])
    })

    it(`of 64 KB is kept, one byte more is not: ${kind}`, async () => {
      const full = `text=${'x'.repeat(65_531)}`
      await goOn(await confirm(await held(path, full)), path)
      assert.deepEqual(got, [{ text: full.slice(5) }])
      host.clock.advance(STALE_MS)
      await notHeld(await browser.post(path, `${full}x`))
    })
  })

  for (const path of ['/before', '/after', '/both'])
    it(`keeps nested fields and repeated ones, whoever reads them: ${path}`, async () => {
      const body = 'a[b][c]=1&a[b][d]=2&list=x&list=y&empty=&__proto__=p&constructor=c&a[0]=z'
      await confirm(await browser.visit(`${BASE}/step-up`))
      await browser.post(path, body)
      host.clock.advance(STALE_MS)
      await goOn(await confirm(await held(path, body)), path)
      assert.equal(got.length, 2)
      assert.deepEqual(got[1], got[0])
    })

  it('that comes in pieces is read whole, and the connection goes on', async () => {
    await confirm(await browser.visit(`${BASE}/step-up`))
    const socket = connect(Number(new URL(host.url).port), 'localhost')
    const head = (path: string) =>
      [
        `POST ${path} HTTP/1.1`,
        'Host: localhost',
        `Cookie: sallyport=${browser.cookie()}`,
        'Sec-Fetch-Site: same-origin',
        'Content-Type: application/x-www-form-urlencoded',
        'Content-Length: 11\r\n\r\n',
      ].join('\r\n')
    let answers = ''
    socket.setEncoding('utf8').on('data', (text: string) => (answers += text))
    const ok = () => answers.split('HTTP/1.1 200').length - 1
    for (const [i, path] of ['/deaf', '/after', '/none', '/deaf', '/before'].entries()) {
      socket.write(`${head(path)}am`)
      await new Promise(setImmediate)
      socket.write('ount')
      await new Promise(setImmediate)
      socket.write('=1234')
      await until(`the answer of ${path}: ${answers}`, () => ok() === i + 1)
    }
    assert.deepEqual(got, [{ amount: '1234' }, { amount: '1234' }, { amount: '1234' }])
    socket.write(`${head('/after')}am`)
    await new Promise(setImmediate)
    socket.destroy() // and nobody is left waiting
    assert.equal((await browser.post('/after', { amount: '1' })).status, 200)
  })

  it("passes the host's own CSRF guard, which stands before ours", async () => {
    const page = await confirm(await held('/guarded', { amount: '1', _csrf: 'of the host' }))
    assert.equal((await goOn(page, '/guarded')).status, 200)
    assert.deepEqual(got, [{ amount: '1', _csrf: 'of the host' }])
  })

  it('is sealed in the database: neither field nor value can be read there', async () => {
    await held('/before', { iban: 'DE02120300000000202051' })
    const [row] = await inSql()
    assert.match(row!.content, /^v1\.|^1\./)
    assert.doesNotMatch(JSON.stringify(row), /DE02|iban|before/)
    host.clock.advance(600_000)
  })

  it('is for the session that sent it alone: not for another one of the same user, nor for somebody else', async () => {
    const page = await confirm(await held('/before', { amount: '1' }))
    const { suspendedPost } = page.fieldsOf('/before') as { suspendedPost: string }
    const second = await signedInWithCode()
    const stranger = await signedIn(host, grace)
    for (const other of [second, stranger]) {
      assert.doesNotMatch((await other.visit(`${BASE}/step-up?suspended=${suspendedPost}`)).text, /kept/)
      assert.equal((await other.post('/before', { suspendedPost })).status, 409)
    }
    assert.equal((await goOn(page, '/before')).status, 200)
    assert.equal(got.length, 1)
  })

  async function signedInWithCode(): Promise<Browser> {
    const other = host.browser()
    const page = await other.follow(await other.signIn(ada, PASSWORDS.u1!))
    assert.equal((await other.submit(page, '/two-factor', { code: app.next() })).status, 303)
    return other
  }

  it('is for its own path alone, query included', async () => {
    const page = await confirm(await held('/before?id=1', { amount: '1' }))
    const { suspendedPost } = page.fieldsOf('/before?id=1') as { suspendedPost: string }
    for (const path of ['/after', '/before', '/before?id=2'])
      assert.equal((await browser.post(path, { suspendedPost })).status, 409)
    assert.equal((await goOn(page, '/before?id=1')).status, 200)
  })

  it('waits for ten minutes', async () => {
    const asked = await held('/before', { amount: '1' })
    host.clock.advance(600_000)
    assert.doesNotMatch(
      (await browser.visit(`${BASE}/step-up?suspended=${asked.fieldsOf('/step-up').suspended}`)).text,
      /kept/,
    )
    assert.equal((await confirm(asked)).status, 409)
    assert.deepEqual(got, [])
  })

  it('asks once more when the proof is too old again before it goes on, and loses nothing', async () => {
    const page = await confirm(await held('/strict', { amount: '1' }))
    host.clock.advance(60_001)
    const again = await goOn(page, '/strict')
    assert.equal(again.status, 303)
    const next = await confirm(await browser.follow(again))
    assert.equal((await goOn(next, '/strict')).status, 200)
    assert.deepEqual(got, [{ amount: '1' }])
  })

  it('is not used up by a method that is not asked for', async () => {
    const asked = await browser.post('/passkey', { amount: '1' }, { Referer: `${host.url}/form` })
    assert.equal((await browser.follow(asked)).$('input[name=code]').length, 0)
    const suspended = new URL(asked.location, host.url).searchParams.get('suspended')!
    const fields = (await browser.visit(`${BASE}/`)).fieldsOf('/sign-out')
    const code = app.next()
    assert.equal((await browser.post(`${BASE}/step-up`, { ...fields, code, suspended })).status, 422)
    assert.equal(await count(), 1)
    assert.equal((await browser.post(`${BASE}/step-up`, { ...fields, code })).status, 303, 'nor is the code used up')
    host.clock.advance(STALE_MS)
  })

  it('is not kept when it comes from another site, or when the browser does not say from where', async () => {
    await notHeld(await browser.post('/before', { a: '1' }, { 'Sec-Fetch-Site': 'cross-site' }))
    await notHeld(await browser.post('/before', { a: '1' }, { 'Sec-Fetch-Site': '', Origin: 'https://evil.test' }))
    // a client that sends neither header
    const headers = { Cookie: `sallyport=${browser.cookie()}`, Accept: 'text/html' }
    const body = new URLSearchParams({ a: '1' })
    const bare = await fetch(`${host.url}/after`, { method: 'POST', redirect: 'manual', headers, body })
    assert.deepEqual([bare.status, bare.headers.get('location')], [303, `${BASE}/step-up`])
  })

  it('cannot be sent on from another site', async () => {
    const page = await confirm(await held('/before', { amount: '1' }))
    const other = await browser.submit(page, '/before', {}, { 'Sec-Fetch-Site': 'cross-site' })
    assert.equal(other.status, 403)
    assert.equal((await goOn(page, '/before')).status, 200)
  })

  it('is not kept with a file in it, or when a script sends it', async () => {
    const type = { 'Content-Type': 'multipart/form-data; boundary=x' }
    await notHeld(
      await browser.post('/after', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--', type),
    )
    const json = await browser.json('/after', { a: '1' })
    assert.deepEqual([json.status, json.json.code], [401, 'step_up_required'])
    const fetched = await browser.post('/after', { a: '1' }, { Accept: '*/*' })
    assert.equal(fetched.status, 401)
    assert.equal(await count(), 0)
  })

  it('twenty of one user wait at most', async () => {
    for (let i = 0; i < 20; i += 1) await held('/before', { i: String(i) })
    const more = await browser.post('/before', { i: '20' })
    assert.doesNotMatch(more.location, /suspended/)
    host.clock.advance(600_000)
  })

  it('of our own goes on by itself: the enrolment that was asked for is there straight away', async () => {
    const page = await browser.visit(`${BASE}/`)
    const refused = await browser.post(`${BASE}/totp/enrol`, { csrfToken: page.fieldsOf('/sign-out').csrfToken! })
    assert.match(refused.location, /^\/security\/step-up\?suspended=/)
    const passed = await confirm(await browser.follow(refused))
    assert.deepEqual([passed.status, passed.location], [303, `${BASE}/totp/enrol`])
    assert.match((await browser.follow(passed)).text, /authenticator/i)
    const codes = await browser.visit(`${BASE}/`)
    assert.ok(codes.status === 200)
  })

  it('of our own goes on once', async () => {
    const csrfToken = (await browser.visit(`${BASE}/`)).fieldsOf('/sign-out').csrfToken!
    const refused = await browser.post(`${BASE}/totp/enrol`, { csrfToken })
    const asked = await browser.follow(refused)
    assert.equal((await confirm(asked)).status, 303)
    assert.equal((await confirm(asked)).status, 409)
  })

  it('of our own with a wrong token is refused, not kept', async () => {
    assert.equal((await browser.post(`${BASE}/totp/enrol`, { csrfToken: 'a.b' })).status, 403)
    assert.equal(await count(), 0)
  })

  it('says hostile text as text', async () => {
    const asked = await held(`/before?q="><script>alert(1)</script>`.replace(/[<>"]/g, encodeURIComponent), {
      '<script>alert(2)</script>': '"><img src=x onerror=alert(3)>',
    })
    const page = await confirm(asked)
    for (const each of [asked, page]) {
      assert.equal(each.$('script:not([src])').length, 0)
      assert.equal(each.$('b, img[onerror]').length, 0)
      assert.doesNotMatch(each.response.text, /alert\(2\)|alert\(3\)/)
    }
  })
})
