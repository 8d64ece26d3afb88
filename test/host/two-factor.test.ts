import assert from 'node:assert/strict'
import type { MemoryStore } from 'express-session'
import { Authenticator, enrol, giveCode } from '../support/authenticator.js'
import { BASE, type Browser } from '../support/browser.js'
import { StillClock, TestClock } from '../support/clock.js'
import { ACCOUNTS, isIn, logIn, seenAs, startKeptHost, type KeptHost } from '../support/kept-host.js'
import { on } from './stories.js'

const [ada, grace] = ACCOUNTS as [(typeof ACCOUNTS)[0], (typeof ACCOUNTS)[0]]
/** What a socket server of the app finds when it reads the store by itself. */
const stored = (host: KeptHost): string[] =>
  Object.values((host.store as MemoryStore & { sessions: Record<string, string> }).sessions)
const claims = (host: KeptHost) => stored(host).filter((text) => /"passport":\{"user"|sallyport/.test(text)).length

async function enrolled(host: KeptHost): Promise<Authenticator> {
  const browser = host.browser()
  await logIn(browser, ada)
  const app = await enrol(browser, host.clock)
  await browser.post('/logout', {})
  return app
}

describe("Two-factor on the app's own session", () => {
  const clock = () => ({ clock: new StillClock() })

  it(
    'way 1, its own sign-in: half-finished until the code; req.user is withheld and its store holds nobody',
    on(clock(), async (host) => {
      const app = await enrolled(host)
      const before = claims(host)
      const browser = host.browser()
      assert.equal((await logIn(browser, ada)).status, 302)
      assert.deepEqual([await seenAs(browser), await isIn(browser)], [null, false])
      assert.equal(claims(host), before)
      const refused = await browser.visit('/guarded')
      assert.ok(refused.location.startsWith(`${BASE}/two-factor`), refused.location)
      assert.deepEqual((await browser.json('/guarded')).json.code, 'two_factor_required')
      assert.equal((await giveCode(browser, app.wrong())).status, 422)
      assert.equal((await giveCode(browser, app.next())).status, 303)
      assert.deepEqual([await seenAs(browser), await isIn(browser)], [ada.email, true])
      assert.equal(claims(host), before + 1)
    }),
  )

  it(
    'whoever was signed in in that browser is not, while somebody else is half way in',
    on(clock(), async (host) => {
      await enrolled(host)
      const browser = host.browser()
      await logIn(browser, grace)
      assert.equal(await seenAs(browser), grace.email)
      const before = claims(host)
      await logIn(browser, ada)
      assert.deepEqual([await seenAs(browser), await isIn(browser)], [null, false])
      assert.equal(claims(host), before - 1)
    }),
  )

  it(
    'way 2, our pages on its session: req.user comes with the code',
    on({ ...clock(), security: { signInPath: undefined } }, async (host) => {
      await host.security!.passwords.set(String(ada.id), 'Correct-Horse-7-Battery')
      host.clock.advance(1_000)
      const app = await enrolled(host)
      const browser = host.browser()
      const before = claims(host)
      const page = await browser.signIn(ada, 'Correct-Horse-7-Battery')
      assert.equal(page.location, `${BASE}/two-factor`)
      assert.deepEqual([await seenAs(browser), await isIn(browser)], [null, false])
      assert.equal(claims(host), before)
      assert.equal((await giveCode(browser, app.next())).status, 303)
      assert.deepEqual([await seenAs(browser), await isIn(browser)], [ada.email, true])
    }),
  )

  it('enforced: a session from before is not taken over; its user signs in and sets it up', async () => {
    const old = await startKeptHost({ security: null })
    const browser = old.browser()
    await logIn(browser, ada)
    assert.equal(await seenAs(browser), ada.email)
    const { store, port } = old
    await old.close()
    const adoptUntil = new Date(Date.now() + 86_400_000).toISOString()
    const continues = { store, port, clock: new TestClock(), database: 'sqlite::memory:' }
    const story = async (host: KeptHost) => {
      const same: Browser = browser
      assert.deepEqual([await seenAs(same), await isIn(same)], [null, false])
      const again = host.browser()
      await logIn(again, ada)
      assert.deepEqual([await seenAs(again), await isIn(again)], [null, false])
      const page = await again.follow(await again.submit(await again.visit(`${BASE}/two-factor`), '/totp/enrol'))
      const app = new Authenticator(page.$('[data-totp-secret]').text().replaceAll(' ', ''), host.clock)
      assert.equal((await again.submit(page, '/totp/confirm', { code: app.code() })).status, 200)
      assert.deepEqual([await seenAs(again), await isIn(again)], [ada.email, true])
    }
    await on({ continues, security: { adoptUntil, twoFactor: { enforced: true } } }, story)()
  })
})
