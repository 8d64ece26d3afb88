import assert from 'node:assert/strict'
import { openDatabase } from '../../src/stores/sql/database.js'
import { Authenticator, enrol, giveCode, giveRecoveryCode, STEP_MS } from '../support/authenticator.js'
import { BASE, type Browser } from '../support/browser.js'
import { StillClock } from '../support/clock.js'
import { ada, grace, PASSWORDS, startHost, tove, type Host, type Person } from '../support/host.js'
import { Authenticator as PasskeyAuthenticator } from '../support/passkey-authenticator.js'
import { register, send } from '../support/passkeys.js'

const PASSWORD = PASSWORDS.u1!
/** The host's own table may disable him. */
const ivan: Person = { id: 'u9', email: 'ivan@acme.test', name: 'Ivan Petrov' }

describe('Signing in with two-factor', () => {
  let host: Host
  let app: Authenticator
  const told: string[] = []
  before(async () => {
    host = await startHost({
      clock: new StillClock(),
      people: [ada, grace, tove, ivan],
      support: 'help@acme.test',
      twoFactor: { trustBrowser: '30d' },
    })
    const browser = host.browser()
    await browser.signIn(ada, PASSWORD)
    const actions = [
      '2fa_enabled',
      '2fa_disabled',
      'recovery_code_used',
      'second_factor_failed',
      'browser_trusted',
    ] as const
    for (const action of actions) host.security.on(`auth.${action}`, (event) => told.push(event.action))
    app = await enrol(browser, host.clock)
  })
  after(() => host.close())
  beforeEach(() => {
    host.clock.advance(900_000) // whoever had to wait has waited
    told.length = 0
  })
  afterEach('nothing was reported', () => assert.deepEqual(host.errors, []))

  async function halfWay(fields: Record<string, string> = {}, browser = host.browser()): Promise<Browser> {
    const page = await browser.signIn(ada, PASSWORD, fields)
    assert.deepEqual([page.status, page.location], [303, `${BASE}/two-factor`])
    return browser
  }
  const amrOf = async (browser: Browser): Promise<string[]> => {
    const id = (await browser.sessions()).find((each) => each.current)!.id
    const db = await openDatabase(host.database)
    const row = await db
      .selectFrom('security_sessions')
      .select('amr')
      .where('public_id', '=', id)
      .executeTakeFirstOrThrow()
    await db.destroy()
    return (JSON.parse(row.amr) as { method: string }[]).map((each) => each.method)
  }

  it('the code comes after the password, and leads where the password was to lead', async () => {
    const browser = await halfWay({ returnTo: '/invoices' })
    const page = await browser.visit(`${BASE}/two-factor`)
    assert.equal(page.$('input[name=code]').attr('autocomplete'), 'one-time-code')
    assert.match(page.text, /Lost|lost/)
    assert.match(page.response.text, /help@acme\.test/)
    const done = await browser.submit(page, '/two-factor', { code: app.next() })
    assert.deepEqual([done.status, done.location], [303, '/invoices'])
    assert.deepEqual(await amrOf(browser), ['pwd', 'otp'])
  })

  it('a half-finished sign-in opens nothing, and is led to what it owes', async () => {
    const browser = await halfWay()
    for (const path of ['/invoices', '/payouts', '/live', `${BASE}/`, `${BASE}/sessions`]) {
      const page = await browser.visit(path)
      assert.equal(page.status, 303, path)
      assert.ok(page.location.startsWith(`${BASE}/two-factor`), `${path} leads to ${page.location}`)
      const { status, json } = await browser.json(path)
      assert.deepEqual([status, json.code], [403, 'two_factor_required'], path)
    }
    const { csrfToken } = (await browser.json(`${BASE}/two-factor`)).json
    for (const path of [
      '/totp/enrol',
      '/totp/confirm',
      '/totp/disable',
      '/recovery-codes/regenerate',
      '/password',
      '/step-up',
    ]) {
      const page = await browser.json(`${BASE}${path}`, { csrfToken, code: app.code() })
      assert.ok([401, 403].includes(page.status), `${path} ${page.status}`)
    }
    assert.equal(browser.cookie(), undefined, 'no session, and no place for one')
  })

  it('a script is told what is owed, and gives it', async () => {
    const script = host.browser()
    const { csrfToken } = (await script.json(`${BASE}/sign-in`)).json
    const first = await script.json(`${BASE}/sign-in`, { email: ada.email, password: PASSWORD, csrfToken })
    assert.deepEqual([first.status, first.json.code, first.json.owes], [403, 'two_factor_required', 'second_factor'])
    const second = await script.json(`${BASE}/two-factor`, { code: app.next(), csrfToken })
    assert.deepEqual([second.status, second.json.user], [200, { id: ada.id, email: ada.email, name: ada.name }])
  })

  it('five wrong codes end the sign-in; an empty form is none of them', async () => {
    const browser = await halfWay()
    for (let i = 0; i < 6; i += 1) {
      const empty = await giveCode(browser, '')
      assert.deepEqual([empty.status, empty.errorsUnder('code').length], [422, 1])
    }
    for (let i = 0; i < 4; i += 1) assert.equal((await giveCode(browser, app.wrong())).status, 422)
    const fifth = await giveCode(browser, app.wrong())
    assert.deepEqual([fifth.status, fifth.location], [303, `${BASE}/sign-in`])
    assert.match((await browser.follow(fifth)).text, /Too many wrong codes/)
    assert.notEqual((await browser.visit(`${BASE}/two-factor`)).status, 200)
    assert.equal(await browser.isSignedIn(), false)
    assert.equal(told.filter((action) => action === 'auth.second_factor_failed').length, 5)
  })

  it('ten wrong codes in a row have to wait, whatever they are for; a known device has a lane of its own', async () => {
    const known = host.browser()
    await halfWay({}, known)
    assert.equal((await giveCode(known, app.next())).status, 303)
    await known.submit(await known.visit(`${BASE}/`), '/sign-out')
    let status = 0
    for (let i = 0; i < 11; i += 1) {
      const stranger = await halfWay()
      const page =
        i % 2 ? await giveCode(stranger, app.wrong()) : await giveRecoveryCode(stranger, 'aaaa-bbbb-cccc-dddd')
      status = page.status
    }
    assert.equal(status, 429)
    const stranger = await halfWay()
    assert.equal((await giveCode(stranger, app.code(STEP_MS))).status, 429, 'the right one as well')
    await halfWay({}, known)
    assert.equal((await giveCode(known, app.next())).status, 303)
  })

  it('what was begun before the password was changed, by anybody, comes to nothing and uses no code up', async () => {
    const browser = await halfWay()
    await host.security.passwords.set(ada.id, PASSWORD)
    const code = app.next()
    assert.notEqual((await browser.visit(`${BASE}/two-factor`)).status, 200)
    const { csrfToken } = (await browser.json(`${BASE}/sign-in`)).json
    const page = await browser.json(`${BASE}/two-factor`, { csrfToken, code })
    assert.deepEqual([page.status, page.json.code], [401, 'challenge_void'])
    assert.equal(await browser.isSignedIn(), false)
    await halfWay({}, browser)
    assert.equal((await giveCode(browser, code)).status, 303, 'the code was still good')
  })

  it('nor does it for somebody who is disabled meanwhile, here or in the table of the app', async () => {
    for (const [off, on] of [
      [() => host.security.users.disable(ada.id), () => host.security.users.enable(ada.id)],
      [() => Object.assign(ada, { disabled: true }), () => Object.assign(ada, { disabled: false })],
    ] as const) {
      const browser = await halfWay()
      await off()
      const { csrfToken } = (await browser.json(`${BASE}/sign-in`)).json
      const page = await browser.json(`${BASE}/two-factor`, { csrfToken, code: app.next() })
      assert.ok(page.status === 401 || page.status === 422, String(page.status))
      assert.equal(await browser.isSignedIn(), false)
      await on()
    }
    delete ada.disabled
  })

  it('ten minutes, and the password has to be typed again', async () => {
    const browser = await halfWay()
    host.clock.advance(600_001)
    assert.equal((await browser.visit(`${BASE}/two-factor`)).status, 303)
    assert.match((await browser.visit('/invoices')).location, /sign-in/)
  })

  it('a token that was made up, or is of another one, is nobody half way in', async () => {
    const browser = await halfWay()
    const name = browser.cookieNames().find((each) => each.endsWith('sign_in'))!
    const value = browser.cookie(name)!
    for (const forged of [`x${value}`, value.replace(/\.\d+\./, '.9999999999999.'), 'a.b.c', '']) {
      const thief = host.browser()
      thief.setCookie(`${name}=${forged}; Path=/`)
      assert.notEqual((await thief.visit(`${BASE}/two-factor`)).status, 200, forged)
    }
  })

  describe('Trusting a browser', () => {
    const trusts = async (): Promise<Browser> => {
      const browser = await halfWay()
      assert.equal((await giveCode(browser, app.next(), { trustBrowser: 'on' })).status, 303)
      return browser
    }
    /** Signs out and in again. True: without a code. */
    async function isTrusted(browser: Browser): Promise<boolean> {
      const page = await browser.visit(`${BASE}/`)
      if (page.status === 200) await browser.submit(page, '/sign-out')
      return (await browser.signIn(ada, PASSWORD)).location === '/'
    }
    const listed = async (browser: Browser) =>
      (await browser.json(`${BASE}/`)).json.trustedBrowsers as { id: string; current: boolean }[]

    it('needs no code for thirty days, proves nothing, and never stands for a step-up', async () => {
      const browser = await trusts()
      assert.deepEqual(told, ['auth.browser_trusted'])
      assert.ok(await isTrusted(browser))
      assert.deepEqual(await amrOf(browser), ['pwd'])
      assert.match((await browser.visit('/payouts')).location, /step-up/)
      host.clock.advance(29 * 86_400_000)
      assert.ok(await isTrusted(browser))
      host.clock.advance(2 * 86_400_000)
      assert.equal(await isTrusted(browser), false)
    })

    it('is listed and can be removed, by its user alone', async () => {
      const browser = await trusts()
      const mine = (await listed(browser)).find((each) => each.current)
      const stranger = host.browser()
      await stranger.signIn(grace, PASSWORDS.u2!)
      const token = (await stranger.json(`${BASE}/`)).json.csrfToken
      const foreign = await stranger.json(`${BASE}/trusted-browsers/${mine!.id}/remove`, { csrfToken: token })
      assert.deepEqual([foreign.status, foreign.json.code], [404, 'not_found'])
      assert.ok(await isTrusted(browser))
      const page = await browser.visit(`${BASE}/`)
      assert.equal((await browser.submit(page, `/trusted-browsers/${mine!.id}/remove`)).status, 303)
      assert.equal(await isTrusted(browser), false)
    })

    it('dies when the password or a factor changes, and is worth nothing for another user', async () => {
      const key = new PasskeyAuthenticator(host.url)
      let passkey = ''
      const changes: (() => Promise<unknown>)[] = [
        () => host.security.passwords.set(ada.id, PASSWORD),
        async () => {
          const admin = await trusts()
          app = await enrol(admin, host.clock) // replaced
        },
        async () => {
          const admin = await trusts()
          const { csrfToken } = (await admin.json(`${BASE}/`)).json
          assert.equal((await admin.json(`${BASE}/totp/disable`, { csrfToken, code: app.next() })).status, 200)
          host.clock.advance(STEP_MS)
          app = await enrol(admin, host.clock)
        },
        async () => {
          await host.security.members.resetTwoFactor(ada.id, { reason: 'lost' })
          const db = await openDatabase(host.database)
          assert.deepEqual(await db.selectFrom('security_trusted_browsers').selectAll().execute(), [])
          await db.destroy()
          host.clock.advance(STEP_MS)
          const again = host.browser()
          await again.signIn(ada, PASSWORD)
          app = await enrol(again, host.clock)
        },
        async () => {
          const owner = await trusts()
          const done = await owner.submit(await owner.visit(`${BASE}/`), '/recovery-codes/regenerate')
          assert.equal(done.status, 200)
        },
        async () => void (passkey = ((await register(await trusts(), key)).json.passkey as { id: string }).id),
        async () => {
          const removed = await send(await trusts(), `${BASE}/passkeys/${passkey}/remove`)
          assert.equal(removed.status, 200)
        },
      ]
      for (const [i, change] of changes.entries()) {
        const browser = await trusts()
        await change()
        host.clock.advance(STEP_MS)
        assert.equal(await isTrusted(browser), false, `change ${i}`)
      }
      const browser = await trusts()
      const name = browser.cookieNames().find((each) => each.includes('trust_'))!
      const thief = host.browser()
      thief.setCookie(`${name}=${browser.cookie(name)!.slice(0, -2)}xx; Path=/`)
      assert.equal((await thief.signIn(ada, PASSWORD)).location, `${BASE}/two-factor`)
    })
  })

  it('no secret and no code is in the audit log, in an address, or among the errors', async () => {
    const code = app.next()
    const browser = await halfWay()
    const wrong = app.wrong()
    await giveCode(browser, wrong)
    const [recoveryCode] = app.recoveryCodes
    const page = await giveRecoveryCode(browser, recoveryCode!)
    assert.equal(page.status, 303)
    assert.ok(![code, wrong, recoveryCode!].some((text) => page.location.includes(text)))
    const db = await openDatabase(host.database)
    const rows = JSON.stringify(await db.selectFrom('security_audit_events').selectAll().execute())
    const codes = JSON.stringify(await db.selectFrom('security_recovery_codes').selectAll().execute())
    await db.destroy()
    for (const text of [app.secret, ...app.recoveryCodes, `"${wrong}"`]) assert.ok(!(rows + codes).includes(text))
  })
})

describe('Two-factor that is enforced', () => {
  for (const [how, enforced] of [
    ['for everybody', true],
    ['by a function', (user: Person) => user.id === ada.id],
  ] as const)
    it(`${how}: set up right after the password; nothing else opens; never turned off`, async () => {
      const host = await startHost({ clock: new StillClock(), twoFactor: { enforced } })
      try {
        host.clock.advance(1_000)
        const browser = host.browser()
        const first = await browser.signIn(ada, PASSWORD, { returnTo: '/invoices' })
        assert.equal(first.location, `${BASE}/two-factor`)
        for (const path of ['/invoices', '/live', `${BASE}/`]) {
          assert.ok((await browser.visit(path)).location.startsWith(`${BASE}/two-factor`), path)
          assert.equal((await browser.json(path)).json.code, 'two_factor_required')
        }
        const required = await browser.follow(first)
        assert.match(required.text, /[Tt]wo-factor/)
        const page = await browser.follow(await browser.submit(required, '/totp/enrol'))
        const app = new Authenticator(page.$('[data-totp-secret]').text().replaceAll(' ', ''), host.clock)
        const refused = await browser.submit(page, '/totp/confirm', { code: app.wrong() })
        assert.equal(refused.status, 422)
        const shown = await browser.submit(refused, '/totp/confirm', { code: app.code() })
        assert.equal(shown.status, 200, shown.text)
        assert.equal(shown.$('[data-recovery-code]').length, 8)
        const done = await browser.submit(shown, '/recovery-codes/saved', { saved: 'on' })
        assert.equal(done.location, '/invoices')
        assert.ok(await browser.isSignedIn())

        const overview = await browser.visit(`${BASE}/`)
        assert.equal(overview.$('form[action$="/totp/disable"]').length, 0, 'no button')
        const { csrfToken } = (await browser.json(`${BASE}/`)).json
        const json = await browser.json(`${BASE}/totp/disable`, { csrfToken, code: app.next() })
        assert.deepEqual([json.status, json.json.code], [403, 'two_factor_enforced'])
        const html = await browser.post(`${BASE}/totp/disable`, { csrfToken: String(csrfToken), code: app.code() })
        assert.equal(html.status, 403)
        assert.match(html.text, /stays enabled/)

        const other = host.browser()
        const free = await other.signIn(grace, PASSWORDS.u2!)
        assert.equal(free.location, enforced === true ? `${BASE}/two-factor` : '/')
        assert.deepEqual(host.errors, [])
      } finally {
        await host.close()
      }
    })
})
