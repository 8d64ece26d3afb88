import assert from 'node:assert/strict'
import { openDatabase } from '../../src/stores/sql/database.js'
import { enrol, type Authenticator } from '../support/authenticator.js'
import { BASE, type Browser } from '../support/browser.js'
import { StillClock } from '../support/clock.js'
import { ada, grace, PASSWORDS, startHost, type Host } from '../support/host.js'
import { signedIn, STALE_MS } from './step-up-people.js'

const PAGE = `${BASE}/step-up?returnTo=%2Fpayouts`

describe('Confirming that it is you', () => {
  let host: Host
  let browser: Browser
  let app: Authenticator
  before(async () => {
    host = await startHost({
      clock: new StillClock(),
      routes: (at, security) => {
        at.get('/keys', security.requireStepUp({ amr: ['hwk'] }), (_req, res) => void res.send('keys'))
        at.get('/code', security.requireStepUp({ amr: ['otp', 'hwk'] }), (_req, res) => void res.send('code'))
        const action = 'Change the <payout> account'
        at.get('/account', security.requireStepUp({ action }), (_req, res) => void res.send('account'))
        at.get(
          '/account/:id',
          security.requireStepUp({ action: (req) => `Change account ${String(req.params.id)}` }),
          (_req, res) => void res.send('account'),
        )
      },
    })
    browser = await signedIn(host, ada)
    app = await enrol(browser, host.clock)
  })
  after(() => host.close())
  beforeEach(() => host.clock.advance(STALE_MS))
  afterEach(() => assert.deepEqual(host.errors, []))

  const confirm = async (fields: Record<string, string>, page = PAGE) =>
    browser.submit(await browser.visit(page), '/step-up', fields)
  const paid = async () => (await browser.visit('/payouts')).status === 200

  it('a code of the authenticator app does, and leads back; the browser has another id after it', async () => {
    const asked = await browser.visit('/payouts')
    assert.deepEqual([asked.status, asked.location], [303, PAGE])
    const page = await browser.follow(asked)
    assert.equal(page.$('input[name=code]').length, 1)
    assert.equal(page.$('input[name=password]').length, 0)
    const before = browser.cookie()
    const passed = await browser.submit(page, '/step-up', { code: app.next() })
    assert.deepEqual([passed.status, passed.location], [303, '/payouts'])
    assert.notEqual(browser.cookie(), before)
    assert.ok(await paid())
  })

  it('a wrong code, a used one and one of a clock that is off are refused under the field', async () => {
    const used = app.next()
    assert.equal((await confirm({ code: used })).status, 303)
    const again = await confirm({ code: used })
    assert.equal(again.status, 422)
    assert.match(again.errorsUnder('code').join(), /used/)
    const wrong = await confirm({ code: '000000' === app.code() ? '000001' : '000000' })
    assert.equal(wrong.errorsUnder('code').length, 1)
    assert.match((await confirm({ code: app.code(-90_000) })).errorsUnder('code').join(), /90/)
  })

  it('a recovery code does, once', async () => {
    const recoveryCode = app.recoveryCodes[0]!
    const page = `${BASE}/step-up?using=recovery_code&returnTo=%2Fpayouts`
    assert.equal((await confirm({ recoveryCode }, page)).location, '/payouts')
    assert.ok(await paid())
    const again = await confirm({ recoveryCode }, page)
    assert.equal(again.status, 422)
    assert.equal(again.errorsUnder('recoveryCode').length, 1)
  })

  it('the password alone is refused where there is a second factor, on the page and as JSON, and proves nothing', async () => {
    const password = PASSWORDS.u1!
    for (const each of [password, 'Wrong-Guess-1']) {
      const page = await confirm({ password: each })
      assert.equal(page.status, 422)
      const { csrfToken } = (await browser.json(`${BASE}/`)).json
      const json = await browser.json(`${BASE}/step-up`, { csrfToken, password: each })
      assert.deepEqual([json.status, json.json.code, json.json.fields], [422, 'invalid_form', { code: ['required'] }])
    }
    assert.equal(await paid(), false)
  })

  it('a script sends a code and hears that it is right', async () => {
    const { csrfToken } = (await browser.json(`${BASE}/`)).json
    const wrong = await browser.json(`${BASE}/step-up`, { csrfToken, code: '12' })
    assert.deepEqual([wrong.status, wrong.json.code], [422, 'invalid_code'])
    const right = await browser.json(`${BASE}/step-up`, { csrfToken, code: app.next() })
    assert.deepEqual([right.status, right.json], [200, { ok: true }])
    assert.ok(await paid())
  })

  it('holds for ten minutes by the clock', async () => {
    await confirm({ code: app.next() })
    host.clock.advance(600_000)
    assert.ok(await paid())
    host.clock.advance(1)
    assert.equal(await paid(), false)
  })

  it('what was passed and failed is in the log, with the method', async () => {
    const db = await openDatabase(host.database)
    const rows = async () =>
      (await db.selectFrom('security_audit_events').selectAll().orderBy('occurred_at').execute()).filter(({ action }) =>
        action.startsWith('auth.step_up'),
      )
    const before = (await rows()).length
    await confirm({ code: '12' })
    await confirm({ code: app.next() })
    const [failed, passed] = (await rows()).slice(before)
    await db.destroy()
    assert.deepEqual([failed?.action, passed?.action], ['auth.step_up_failed', 'auth.step_up_passed'])
    assert.match(passed!.details, /"amr":\["otp"\]/)
  })

  it('where a passkey is asked for, a code opens nothing, and the page does not offer it', async () => {
    await confirm({ code: app.next() })
    assert.ok(await paid())
    const asked = await browser.visit('/keys')
    assert.equal(asked.location, `${BASE}/step-up?returnTo=%2Fkeys`)
    const page = await browser.follow(asked)
    assert.equal(page.$('input[name=code]').length, 0)
    assert.match(page.text, /needs a passkey, and you have none yet/)
    assert.equal(page.$('main a[href="/security/#passkeys"]').length, 1)
    assert.equal(
      (await browser.post(`${BASE}/step-up`, { ...(await token()), code: app.next(), returnTo: '/keys' })).status,
      422,
    )
    const json = await browser.json('/keys')
    assert.deepEqual([json.status, json.json.code, json.json.amr], [401, 'step_up_required', ['hwk']])
    assert.equal(
      json.response.headers['www-authenticate'],
      'Session error="insufficient_user_authentication", max_age=600',
    )
    assert.match(json.response.type, /problem\+json/)
  })

  it('where a code or a passkey is asked for, a recovery code is not enough, and a code is by its own time', async () => {
    await confirm({ recoveryCode: app.recoveryCodes[1]! })
    assert.ok(await paid())
    assert.equal((await browser.visit('/code')).status, 303)
    await confirm({ code: app.next() })
    assert.equal((await browser.visit('/code')).text, 'code')
    host.clock.advance(STALE_MS)
    await confirm({ recoveryCode: app.recoveryCodes[2]! })
    assert.ok(await paid())
    assert.equal((await browser.visit('/code')).status, 303)
  })

  it('the page says what it is for, and no link can make it say something else', async () => {
    const page = await browser.follow(await browser.visit('/account'))
    assert.match(page.text, /Change the <payout> account/)
    assert.doesNotMatch((await browser.visit(PAGE)).text, /payout/)
    assert.match((await browser.follow(await browser.visit('/account/7'))).text, /Change account 7/)
    const link = `${BASE}/step-up?returnTo=%2Fpayouts&action=Win%20a%20prize`
    assert.doesNotMatch((await browser.visit(link)).text, /prize/)
  })

  it('the password stands alone for a user without a second factor', async () => {
    const other = await signedIn(host, grace)
    host.clock.advance(STALE_MS)
    const page = await other.visit(PAGE)
    assert.equal(page.$('input[name=password]').length, 1)
    const wrong = await other.submit(page, '/step-up', { password: 'Wrong-Guess-1' })
    assert.equal(wrong.status, 422)
    assert.equal(wrong.errorsUnder('password').length, 1)
    assert.equal((await other.submit(page, '/step-up', { password: PASSWORDS.u2! })).location, '/payouts')
    assert.equal((await other.visit('/payouts')).status, 200)
    const asked = await other.follow(await other.visit('/code'))
    assert.match((await other.visit('/code')).location, /step-up/)
    assert.match(asked.text, /needs a passkey/)
    const code = await other.submit(await other.visit(PAGE), '/step-up', { code: '123456' })
    assert.equal(code.status, 422)
  })

  const token = async () => ({ csrfToken: (await browser.json(`${BASE}/`)).json.csrfToken as string })
})
