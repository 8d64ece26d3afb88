import assert from 'node:assert/strict'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'
import { BASE, FIREFOX, type Browser, type Page } from '../support/browser.js'
import { StillClock } from '../support/clock.js'
import { retryAfter, WRONG } from './guess.js'

const MINUTE_MS = 60_000
const NEW = 'Violet-Kettle-77-Moor'

describe('A thief of a session who guesses its password', () => {
  let host: Host
  before(async () => void (host = await startHost({ clock: new StillClock() })))
  after(() => host.close())
  beforeEach(() => host.clock.advance(31 * MINUTE_MS))
  afterEach(() => assert.deepEqual(host.errors, []))

  async function signedIn(agent?: string): Promise<Browser> {
    const browser = host.browser(agent)
    assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
    return browser
  }
  /** The same session, in somebody else's hands. */
  function stolen(from: Browser): Browser {
    const thief = host.browser()
    thief.setCookie(`sallyport=${from.cookie()}; Path=/`)
    return thief
  }
  const stepUp = async (browser: Browser, password: string, headers = {}): Promise<Page> =>
    browser.submit(await browser.visit(`${BASE}/step-up?returnTo=%2Fpayouts`), '/step-up', { password }, headers)
  const change = async (browser: Browser, currentPassword: string): Promise<Page> => {
    const typed = { currentPassword, newPassword: NEW, confirmPassword: NEW }
    return browser.submit(await browser.visit(`${BASE}/`), '/password', typed)
  }
  async function failures(browser: Browser, attempt: (browser: Browser, password: string) => Promise<Page>) {
    for (let tries = 0; tries < 20; tries += 1) {
      const page = await attempt(browser, WRONG)
      if (page.status === 429) return { tries, wait: retryAfter(page) }
      assert.equal(page.status, 422)
    }
    throw new assert.AssertionError({ message: 'twenty guesses and no end' })
  }

  it('has five tries at the step-up page; then not even the right one is heard', async () => {
    const thief = stolen(await signedIn())
    assert.deepEqual(await failures(thief, stepUp), { tries: 5, wait: 1 })
    const page = await stepUp(thief, PASSWORDS.u1!)
    assert.equal(page.status, 429)
    assert.match(page.text, /Please wait .* Try again in one second/)
    const json = await stepUp(thief, PASSWORDS.u1!, { Accept: 'application/json' })
    assert.deepEqual([json.status, json.json.code, json.json.retryAfter], [429, 'too_many_requests', 1])
    for (const wait of [2, 4, 8]) {
      host.clock.advance((wait / 2) * 1_000)
      assert.deepEqual(await failures(thief, stepUp), { tries: 1, wait })
    }
  })

  it('has no more of them on the password form: both count together', async () => {
    const thief = stolen(await signedIn())
    for (let i = 0; i < 3; i += 1) assert.equal((await stepUp(thief, WRONG)).status, 422)
    assert.deepEqual(await failures(thief, change), { tries: 2, wait: 1 })
    assert.equal((await stepUp(thief, PASSWORDS.u1!)).status, 429)
    assert.equal((await change(thief, PASSWORDS.u1!)).status, 429)
  })

  it('holds up neither the other sessions of the owner nor a new one', async () => {
    const [phone, laptop] = [await signedIn(), await signedIn(FIREFOX)]
    await failures(stolen(phone), stepUp)
    assert.equal((await stepUp(laptop, PASSWORDS.u1!)).status, 303)
    await signedIn()
  })

  it('gains no fresh tries by a step-up of the owner, which gives the session another id', async () => {
    const phone = await signedIn()
    for (let i = 0; i < 4; i += 1) await stepUp(phone, WRONG)
    assert.equal((await stepUp(phone, PASSWORDS.u1!)).status, 303)
    assert.deepEqual(await failures(stolen(phone), stepUp), { tries: 1, wait: 1 })
  })

  it('the owner who types it right again and again is never held up', async () => {
    const phone = await signedIn()
    for (let i = 0; i < 8; i += 1) assert.equal((await stepUp(phone, PASSWORDS.u1!)).status, 303)
  })

  it('a new password that breaks the rules is no failed guess', async () => {
    const phone = await signedIn()
    const page = await phone.visit(`${BASE}/`)
    const typed = { currentPassword: PASSWORDS.u1!, newPassword: 'weak', confirmPassword: 'weak' }
    for (let i = 0; i < 8; i += 1) assert.equal((await phone.submit(page, '/password', typed)).status, 422)
  })
})
