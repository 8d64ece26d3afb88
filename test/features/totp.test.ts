import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { Envelopes, keyIdOf } from '../../src/core/envelope.js'
import { envelopeKeys } from '../../src/key-configuration.js'
import { openDatabase } from '../../src/stores/sql/database.js'
import { resealAll } from '../../src/stores/sql/reseal.js'
import { Authenticator, enrol, giveCode, STEP_MS } from '../support/authenticator.js'
import { BASE, type Browser, type Page } from '../support/browser.js'
import { StillClock } from '../support/clock.js'
import { ada, grace, SECRET, startHost, type Host, type Person } from '../support/host.js'

const PEOPLE = Array.from({ length: 12 }, (_, i) => ({ id: `p${i}`, email: `p${i}@acme.test`, name: `Person ${i}` }))
const PASSWORD = 'Correct-Horse-7-Battery'
/** In the middle of a step, so that half a step either way changes nothing. */
const NOON = 1_800_000_000_000 + STEP_MS / 2

/** The code of oathtool, the program of OATH's own authors in Debian. */
const oathtool = (secret: string, at: number): string =>
  execFileSync('oathtool', ['--totp', '-b', secret, '-N', `@${Math.floor(at / 1000)}`], { encoding: 'utf8' }).trim()

describe('Authenticator apps', () => {
  let host: Host
  let clock: StillClock
  let people = 0
  before(async () => {
    clock = new StillClock(NOON)
    host = await startHost({ clock, people: [ada, grace, ...PEOPLE] })
  })
  after(() => host.close())
  afterEach('nothing was reported', () => assert.deepEqual(host.errors, []))

  /** Somebody whom no test has met. */
  async function somebody(): Promise<{ person: Person; browser: Browser }> {
    const person = PEOPLE[(people += 1) - 1]!
    await host.security.passwords.set(person.id, PASSWORD)
    clock.advance(1_000)
    return { person, browser: await signedIn(person) }
  }
  async function signedIn(person: Person): Promise<Browser> {
    const browser = host.browser()
    assert.equal((await browser.signIn(person, PASSWORD)).status, 303)
    return browser
  }
  /** Presses "Enable two-factor" and reads the page with the QR code. */
  async function begin(browser: Browser): Promise<{ page: Page; app: Authenticator }> {
    const page = await browser.follow(await browser.submit(await browser.visit(`${BASE}/`), '/totp/enrol'))
    const secret = page.$('[data-totp-secret]').text().replaceAll(' ', '')
    return { page, app: new Authenticator(secret, clock) }
  }
  const confirm = (browser: Browser, page: Page, code: string) => browser.submit(page, '/totp/confirm', { code })

  it('is turned on by scanning, typing a code and saving eight recovery codes, without JavaScript', async () => {
    const { person, browser } = await somebody()
    const other = await signedIn(person)
    const overview = await browser.visit(`${BASE}/`)
    assert.match(overview.$('#two-factor').text(), /Disabled|Off/)
    const { page, app } = await begin(browser)
    assert.match(app.secret, /^[A-Z2-7]{32}$/, '160 bits')
    assert.match(page.$('[data-totp-secret]').text(), /^(\w{4} ){7}\w{4}$/, 'in groups of four, to type')
    assert.ok(page.text.includes(person.email))
    assert.equal(page.$('.sp-qr svg').length, 1)
    assert.equal(page.response.headers['cache-control'], 'no-store')
    const wasCookie = browser.cookie()
    const done = await confirm(browser, page, oathtool(app.secret, clock.now()))
    assert.equal(done.status, 200, done.text)
    assert.equal(done.response.headers['cache-control'], 'no-store')
    const codes = done
      .$('[data-recovery-code]')
      .map((_, each) => done.$(each).text())
      .get()
    assert.equal(new Set(codes).size, 8)
    for (const code of codes) assert.match(code, /^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/)
    assert.notEqual(browser.cookie(), wasCookie, 'the session goes on under a new id')
    assert.ok(await browser.isSignedIn())
    assert.equal(await other.isSignedIn(), false, 'every other session has ended')

    const unsaved = await browser.visit(`${BASE}/`)
    assert.match(unsaved.$('#two-factor').text(), /Enabled|On/)
    assert.match(unsaved.$('#two-factor').text(), /never marked as saved/)
    const saved = await browser.submit(done, '/recovery-codes/saved', { saved: 'on' })
    assert.equal(saved.status, 303)
    const after = await browser.follow(saved)
    assert.doesNotMatch(after.$('#two-factor').text(), /never marked as saved/)
    assert.match(after.$('#two-factor').text(), /8/)
  })

  it('a wrong code keeps the secret and says why; the codes must be ticked as saved', async () => {
    const { browser } = await somebody()
    const { page, app } = await begin(browser)
    let shown = page
    const tries: [string, RegExp][] = [
      [app.wrong(), /That code is wrong/],
      ['12345', /That code is wrong/],
      ['abcdef', /That code is wrong/],
      ['', /Fill in this field/],
      [app.code(90_000), /about 90 seconds off/],
      [app.code(-90_000), /about 90 seconds off/],
      [app.code(60_000), /about 60 seconds off/],
    ]
    for (const [code, says] of tries) {
      shown = await confirm(browser, shown, code)
      assert.equal(shown.status, 422, code)
      assert.match(shown.errorsUnder('code').join(), says)
      assert.equal(shown.$('[data-totp-secret]').text().replaceAll(' ', ''), app.secret, 'the same secret')
    }
    const typed = app.code().replace(/^(...)/, ' $1 ')
    const done = await confirm(browser, shown, typed)
    assert.equal(done.status, 200, 'with spaces, as apps show it')
    assert.equal((await browser.submit(done, '/recovery-codes/saved')).location, `${BASE}/`)
    const again = await browser.submit(shown, '/totp/confirm', { code: app.code(STEP_MS) })
    assert.notEqual(again.status, 200, 'a second POST shows no codes')
    assert.equal(again.$('[data-recovery-code]').length, 0)
  })

  it('of many forms with the right code at once one turns it on; nothing is hashed for the others', async () => {
    const { browser } = await somebody()
    const { page, app } = await begin(browser)
    const code = app.code()
    const statuses: number[] = []
    await Promise.all([1, 2, 3, 4].map(async () => statuses.push((await confirm(browser, page, code)).status)))
    assert.deepEqual(statuses, [303, 303, 303, 200])
  })

  it('a QR code lives ten minutes, in the session that asked for it', async () => {
    const { person, browser } = await somebody()
    const { page, app } = await begin(browser)
    const other = await signedIn(person)
    const { csrfToken } = (await other.json(`${BASE}/`)).json
    const foreign = await other.json(`${BASE}/totp/confirm`, { csrfToken, code: app.code() })
    assert.deepEqual([foreign.status, foreign.json.code], [401, 'challenge_void'])
    assert.equal((await other.visit(`${BASE}/totp/enrol`)).$('[data-totp-secret]').length, 0)

    clock.advance(600_000)
    const late = await browser.visit(`${BASE}/totp/enrol`)
    assert.match(late.text, /This QR code has expired/)
    assert.ok(!late.response.text.includes(app.secret))
    const refused = await confirm(browser, page, app.code())
    assert.ok(refused.status !== 200 && refused.$('[data-recovery-code]').length === 0)
    clock.advance(-1_000) // the session's proof is ten minutes old by now
    const fresh = await browser.follow(await browser.submit(late, '/totp/enrol'))
    assert.notEqual(fresh.$('[data-totp-secret]').text().replaceAll(' ', ''), app.secret)
  })

  it('a code of the app before it was replaced signs nobody in; a newer secret drops an older one that waits', async () => {
    const { person, browser } = await somebody()
    const old = await enrol(browser, clock)
    const first = await begin(browser)
    const second = await begin(browser)
    const dropped = await confirm(browser, second.page, first.app.code())
    assert.equal(dropped.status, 422)
    assert.equal((await confirm(browser, second.page, second.app.code())).status, 200)
    clock.advance(STEP_MS)
    const next = await signedIn(person)
    assert.equal((await giveCode(next, old.code())).status, 422)
    assert.equal((await giveCode(next, second.app.code())).status, 303)
  })

  it('codes of oathtool and otplib are accepted within one step either way, and refused beyond', async () => {
    const { person, browser } = await somebody()
    const app = await enrol(browser, clock)
    for (const make of [oathtool, (_: string, at: number) => app.code(at - clock.now())])
      for (const offS of [-60, -45, -30, -15, 0, 15, 30, 45, 60]) {
        clock.advance(4 * STEP_MS)
        const visitor = await signedIn(person)
        const page = await giveCode(visitor, make(app.secret, clock.now() + offS * 1_000))
        const steps = Math.floor((clock.now() + offS * 1_000) / STEP_MS) - Math.floor(clock.now() / STEP_MS)
        assert.equal(page.status, Math.abs(steps) <= 1 ? 303 : 422, `${offS} s is ${steps} steps off`)
        const refusal = page.errorsUnder('code').join()
        if (steps < -1) assert.match(refusal, /about 60 seconds off/)
        if (steps > 1) assert.match(refusal, /code is wrong/, 'who guesses does not learn which code is still to come')
        assert.equal(await visitor.isSignedIn(), Math.abs(steps) <= 1)
      }
  })

  it('a time step is good once, over all paths, and when the clock is set back', async () => {
    const { person, browser } = await somebody()
    const app = await enrol(browser, clock)
    const visitor = await signedIn(person)
    const code = app.next()
    assert.equal((await giveCode(visitor, code)).status, 303)
    const second = await signedIn(person)
    const refused = await giveCode(second, code)
    assert.equal(refused.status, 422)
    assert.match(refused.errorsUnder('code').join(), /used already/)
    const { csrfToken } = (await visitor.json(`${BASE}/`)).json
    for (const path of ['/totp/disable', '/step-up']) {
      const page = await visitor.json(`${BASE}${path}`, { csrfToken, code })
      assert.deepEqual([page.status, page.json.code], [422, 'code_already_used'], path)
    }
    const before = app.code(-STEP_MS)
    assert.equal((await giveCode(second, before)).status, 422, 'an older step than the last one')
    clock.advance(-20 * STEP_MS)
    const back = await giveCode(second, app.code())
    assert.equal(back.status, 422, 'a clock that is set back')
    assert.match(back.errorsUnder('code').join(), /used already/)
    clock.advance(21 * STEP_MS)
    assert.equal((await giveCode(second, app.code())).status, 303)
  })

  it('what is no code gets a refusal, never an error', async () => {
    const { browser } = await somebody()
    const app = await enrol(browser, clock)
    const { csrfToken } = (await browser.json(`${BASE}/`)).json
    const values: unknown[] = [
      ['1', '2'],
      { $ne: '' },
      `${app.code()}\0`,
      '9'.repeat(1_000_000),
      123456,
      null,
      true,
      [],
      '٣٤٥٦٧٨',
    ]
    for (const value of values)
      for (const path of ['/totp/confirm', '/totp/disable', '/step-up', '/two-factor', '/recovery-codes/saved'])
        for (const field of ['code', 'recoveryCode', 'passkey']) {
          const page = await browser.json(`${BASE}${path}`, { csrfToken, [field]: value })
          const said = `${path} ${field} ${JSON.stringify(value)?.slice(0, 30)}: ${page.status}`
          assert.ok(page.status >= 400 && page.status < 500, said)
          if (page.status === 429) clock.advance(900_000)
        }
  })

  it('the secret is an envelope in SQL, also while it waits, works on under another key, and is erased at the end', async () => {
    const { person, browser } = await somebody()
    const db = await openDatabase(host.database)
    const row = () =>
      db.selectFrom('security_totp').selectAll().where('user_id', '=', person.id).executeTakeFirstOrThrow()
    const { page, app } = await begin(browser)
    const everything = async () => JSON.stringify(await row())
    assert.ok(keyIdOf((await row()).pending_secret!) && !(await everything()).includes(app.secret))
    assert.equal((await confirm(browser, page, app.code())).status, 200)
    const enrolled = await row()
    assert.ok(keyIdOf(enrolled.secret!) && enrolled.pending_secret === null)
    assert.ok(!(await everything()).includes(app.secret))

    const [derived] = envelopeKeys(undefined, [SECRET])
    const rotated = new Envelopes([{ id: '2027-01', key: Buffer.alloc(32, 7) }, derived!])
    await resealAll(db, rotated)
    assert.equal(keyIdOf((await row()).secret!), '2027-01')
    await resealAll(db, new Envelopes([derived!, { id: '2027-01', key: Buffer.alloc(32, 7) }]))
    const { csrfToken } = (await browser.json(`${BASE}/`)).json
    const off = await browser.json(`${BASE}/totp/disable`, { csrfToken, code: app.next() })
    assert.equal(off.status, 200, off.response.text)
    const { secret, pending_secret } = await row()
    assert.deepEqual([secret, pending_secret], [null, null])
    await db.destroy()
  })
})
