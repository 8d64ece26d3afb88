import assert from 'node:assert/strict'
import { openDatabase } from '../../src/stores/sql/database.js'
import { enrol, giveRecoveryCode, STEP_MS, type Authenticator } from '../support/authenticator.js'
import { BASE, type Browser, type Page } from '../support/browser.js'
import { StillClock } from '../support/clock.js'
import { ada, grace, PASSWORDS, startHost, type Host } from '../support/host.js'

const PASSWORD = PASSWORDS.u1!

describe('Recovery codes', () => {
  let host: Host
  let browser: Browser
  let app: Authenticator
  let codes: readonly string[]
  const left: number[] = []
  beforeEach(async () => {
    host = await startHost({ clock: new StillClock(), people: [ada, grace] })
    host.security.on('auth.recovery_code_used', ({ details }) => left.push(details.left))
    host.clock.advance(1_000)
    browser = host.browser()
    await browser.signIn(ada, PASSWORD)
    app = await enrol(browser, host.clock)
    codes = app.recoveryCodes
    left.length = 0
  })
  afterEach(async () => {
    assert.deepEqual(host.errors, [])
    await host.close()
  })

  async function signsIn(code: string): Promise<{ visitor: Browser; page: Page }> {
    const visitor = host.browser()
    await visitor.signIn(ada, PASSWORD)
    return { visitor, page: await giveRecoveryCode(visitor, code) }
  }
  const regenerate = async (page: Page) => browser.submit(page, '/recovery-codes/regenerate')
  const shown = (page: Page) =>
    page
      .$('[data-recovery-code]')
      .map((_, each) => page.$(each).text())
      .get()
  const card = async () => (await browser.visit(`${BASE}/`)).$('#two-factor').text().replace(/\s+/g, ' ')

  it('each signs in once, however it is typed, and few that are left are told of', async () => {
    const typed = [codes[0]!, codes[1]!.toUpperCase(), codes[2]!.replaceAll('-', ' '), codes[3]!.replaceAll('-', '')]
    for (const code of typed) assert.equal((await signsIn(code)).page.status, 303, code)
    assert.deepEqual(left, [7, 6, 5, 4])
    assert.doesNotMatch(await card(), /You have only|Only/)
    const { visitor, page } = await signsIn(codes[4]!)
    assert.equal(page.status, 303)
    const next = await visitor.visit(`${BASE}/`)
    assert.match(next.text, /3 recovery codes/)
    assert.ok(next.$('#two-factor .sp-warning').length > 0, 'on the card as well')
    const used = await signsIn(codes[0]!)
    assert.equal(used.page.status, 422)
    assert.match(used.page.errorsUnder('recoveryCode').join(), /wrong, or it has been used/)
    assert.equal(await used.visitor.isSignedIn(), false)
    const foreign = host.browser()
    await foreign.signIn(grace, PASSWORDS.u2!)
    assert.ok(await foreign.isSignedIn(), 'who has no two-factor is not asked')
  })

  it('new ones replace the old; the same form sent twice makes none and ends none', async () => {
    const overview = await browser.visit(`${BASE}/`)
    const first = await regenerate(overview)
    assert.equal(first.status, 200)
    assert.equal(first.response.headers['cache-control'], 'no-store')
    const fresh = shown(first)
    assert.equal(new Set([...fresh, ...codes]).size, 16)
    const second = await regenerate(overview)
    assert.deepEqual([second.status, shown(second).length], [409, 0])
    assert.match(await card(), /never marked as saved/)
    assert.equal((await browser.submit(first, '/recovery-codes/saved', { saved: 'on' })).status, 303)
    assert.equal((await signsIn(codes[0]!)).page.status, 422, 'an old one')
    assert.equal((await signsIn(fresh[7]!)).page.status, 303)
  })

  it('of many forms at once one is answered with codes; the others are refused before anything is hashed for them', async () => {
    const overview = await browser.visit(`${BASE}/`)
    const statuses: number[] = []
    await Promise.all(Array.from({ length: 12 }, async () => statuses.push((await regenerate(overview)).status)))
    assert.deepEqual(statuses, [...Array.from({ length: 11 }, () => 409), 200])
  })

  it('a script gets new ones once for each proof that it gives', async () => {
    const { csrfToken } = (await browser.json(`${BASE}/`)).json
    host.clock.advance(1)
    const [once, again] = [
      await browser.json(`${BASE}/recovery-codes/regenerate`, { csrfToken }),
      await browser.json(`${BASE}/recovery-codes/regenerate`, { csrfToken }),
    ]
    assert.deepEqual([once.status, (once.json.recoveryCodes as string[]).length], [200, 8])
    assert.deepEqual([again.status, again.json.code], [409, 'already_done'])
    assert.equal((await browser.json(`${BASE}/step-up`, { csrfToken, code: app.next() })).status, 200)
    assert.equal((await browser.json(`${BASE}/recovery-codes/regenerate`, { csrfToken })).status, 200)
  })

  it('who goes on without the tick is led to where the Security page says so, and makes new ones', async () => {
    const shownOnce = await regenerate(await browser.visit(`${BASE}/`))
    const led = await browser.submit(shownOnce, '/recovery-codes/saved')
    assert.deepEqual([led.status, led.location], [303, `${BASE}/`])
    assert.match((await browser.follow(led)).text, /Your recovery codes were never marked as saved/)
    const { csrfToken } = (await browser.json(`${BASE}/`)).json
    const script = await browser.json(`${BASE}/recovery-codes/saved`, { csrfToken })
    assert.deepEqual([script.status, script.json.fields], [422, { saved: ['required'] }])
  })

  it('those of a tab that is older are not the ones that were saved', async () => {
    const overview = await browser.visit(`${BASE}/`)
    const first = await regenerate(overview)
    const second = await regenerate(await browser.visit(`${BASE}/`))
    assert.equal((await browser.submit(first, '/recovery-codes/saved', { saved: 'on' })).status, 409)
    assert.match(await card(), /never marked as saved/)
    assert.equal((await browser.submit(second, '/recovery-codes/saved', { saved: 'on' })).status, 303)
    assert.doesNotMatch(await card(), /never marked as saved/)
  })

  it('new ones ask for a fresh proof, and are not to be had without two-factor', async () => {
    const overview = await browser.visit(`${BASE}/`)
    host.clock.advance(11 * 60_000)
    const stale = await browser.json(
      `${BASE}/recovery-codes/regenerate`,
      overview.fieldsOf('/recovery-codes/regenerate'),
    )
    assert.deepEqual([stale.status, stale.json.code], [401, 'step_up_required'])
    const other = host.browser()
    await other.signIn(grace, PASSWORDS.u2!)
    const { csrfToken } = (await other.json(`${BASE}/`)).json
    const none = await other.json(`${BASE}/recovery-codes/regenerate`, { csrfToken })
    assert.deepEqual([none.status, none.json.code], [403, 'forbidden'])
  })

  it('one turns two-factor off when the phone is lost; wrong, used and empty ones do not; nothing is left of them', async () => {
    await signsIn(codes[0]!)
    const other = (await signsIn(codes[1]!)).visitor
    const overview = await browser.visit(`${BASE}/`)
    const off = (fields: Record<string, string>) => browser.submit(overview, '/totp/disable', fields)
    for (const [fields, says] of [
      [{ recoveryCode: 'aaaa-bbbb-cccc-dddd' }, /wrong, or it has been used/],
      [{ recoveryCode: codes[0]! }, /wrong, or it has been used/],
      [{ code: app.wrong() }, /That code is wrong/],
      [{ code: '' }, /Fill in this field/],
    ] as const) {
      const page = await off(fields)
      assert.equal(page.status, 422, JSON.stringify(fields))
      assert.match(page.text, says)
      assert.equal(await browser.isSignedIn(), true)
    }
    const done = await off({ recoveryCode: codes[2]! })
    assert.equal(done.status, 303)
    assert.match((await browser.follow(done)).$('#two-factor').text(), /Disabled/)
    assert.equal(await other.isSignedIn(), false, 'every other session has ended')
    const db = await openDatabase(host.database)
    for (const table of ['security_recovery_codes', 'security_recovery_code_sets'] as const)
      assert.deepEqual(await db.selectFrom(table).selectAll().execute(), [])
    await db.destroy()
    host.clock.advance(STEP_MS)
    assert.equal((await host.browser().signIn(ada, PASSWORD)).location, '/', 'the password is enough')
    const again = await browser.json(`${BASE}/totp/disable`, {
      csrfToken: (await browser.json(`${BASE}/`)).json.csrfToken as string,
      code: app.next(),
    })
    assert.ok(again.status >= 400 && again.status < 500)
  })
})
