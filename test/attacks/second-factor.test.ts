import assert from 'node:assert/strict'
import express from 'express'
import { enrol, giveCode, giveRecoveryCode } from '../support/authenticator.js'
import { BASE, type Browser } from '../support/browser.js'
import { StillClock } from '../support/clock.js'
import { ada, ON_POSTGRES, PASSWORDS, startHost, type Host } from '../support/host.js'
import { Authenticator as Passkey } from '../support/passkey-authenticator.js'
import { register, send } from '../support/passkeys.js'
import { holdPost } from './in-flight.js'
import { STALE_MS } from '../features/step-up-people.js'

describe('Somebody who wants around the second factor', () => {
  let host: Host
  let enforced: boolean
  let home: Browser
  let got: unknown[]
  let arrivals: (() => void)[]
  beforeEach(async () => {
    enforced = false
    got = []
    arrivals = []
    host = await startHost({
      clock: new StillClock(),
      requestsPerMinute: 10_000,
      before: (app) =>
        app.use((req, _res, next) => {
          next() // on SQLite the session is loaded before anything else gets its turn
          if (req.method === 'POST' && req.path.endsWith('/regenerate')) arrivals.shift()?.()
        }),
      twoFactor: { enforced: () => enforced },
      routes: (app, security) => {
        const parse = express.urlencoded({ extended: false })
        app.post('/twice', security.requireStepUp(), security.requireStepUp({ maxAge: '9m' }), parse, (req, res) => {
          got.push(req.body)
          res.json(req.body)
        })
      },
    })
    home = host.browser()
    assert.equal((await home.signIn(ada, PASSWORDS.u1!)).status, 303)
  })
  afterEach(async () => {
    assert.deepEqual(host.errors, [])
    await host.close()
  })

  const arrived = () => new Promise<void>((done) => arrivals.push(done))

  /** The same session, in somebody else's hands. */
  function stolen(from: Browser): Browser {
    const thief = host.browser()
    thief.setCookie(`sallyport=${from.cookie()}; Path=/`)
    return thief
  }

  it('gets no new guesses by confirming an authenticator that nobody sets up', async () => {
    const app = await enrol(home, host.clock)
    host.clock.advance(STALE_MS)
    const thief = stolen(home)
    const guess = async () => (await send(thief, `${BASE}/step-up`, { code: app.wrong() })).status
    for (let i = 0; i < 9; i += 1) assert.equal(await guess(), 422)
    const confirmed = await send(thief, `${BASE}/totp/confirm`, { code: app.wrong() })
    assert.equal(confirmed.json.code, 'challenge_void')
    const more = []
    for (let i = 0; i < 3; i += 1) more.push(await guess())
    assert.deepEqual(more, [422, 429, 429])
  })

  it('gets no new guesses by waiting a quarter of an hour after every nine', async () => {
    const app = await enrol(home, host.clock)
    const thief = stolen(home)
    const statuses = []
    for (let i = 0; i < 12; i += 1) {
      if (i % 9 === 0) host.clock.advance(STALE_MS * 2)
      statuses.push((await send(thief, `${BASE}/step-up`, { code: app.wrong() })).status)
    }
    assert.deepEqual(statuses.slice(9), [422, 429, 429])
    host.clock.advance(1_000)
    assert.equal((await send(thief, `${BASE}/step-up`, { code: app.code() })).status, 200, 'but no guess it is')
  })

  it('has no guesses of their own in the browsers that the password alone has made known', async () => {
    const spies = [host.browser(), host.browser()]
    for (const spy of spies) await spy.signIn(ada, PASSWORDS.u1!)
    const app = await enrol(home, host.clock)
    let wrong = 0
    for (const spy of spies)
      for (let i = 0; i < 10; i += 1) {
        if (i % 5 === 0) await spy.signIn(ada, PASSWORDS.u1!)
        if ((await giveCode(spy, app.wrong())).status !== 429) wrong += 1
      }
    assert.equal(wrong, 10)
    await send(home, `${BASE}/sign-out`)
    await home.signIn(ada, PASSWORDS.u1!)
    assert.equal((await giveCode(home, app.next())).status, 303, 'where it was set up its owner is not kept waiting')
  })

  it('fills no database with forms that wait, however many are sent in one moment', async () => {
    host.clock.advance(STALE_MS)
    const answers = await Promise.all(
      Array.from({ length: 60 }, () =>
        home.post('/twice', { text: 'x'.repeat(1_000) }, { Referer: `${host.url}/form` }),
      ),
    )
    const kept = answers.filter(({ location }) => location.includes('suspended=')).length
    assert.ok(kept >= 20 && kept <= (ON_POSTGRES ? 30 : 20), `${kept} are kept`)
  })

  it('does not lose a form that two guards look at before a parser does', async () => {
    host.clock.advance(STALE_MS)
    const asked = await home.follow(await home.post('/twice', { amount: '7' }, { Referer: `${host.url}/form` }))
    const page = await home.submit(asked, '/step-up', { password: PASSWORDS.u1! })
    const done = await home.submit(page, '/twice')
    assert.equal(done.status, 200, done.response.text)
    assert.deepEqual(got, [{ amount: '7' }])
  })

  it('cannot set an authenticator up where a passkey was added since the password was typed', async () => {
    enforced = true
    const thief = host.browser()
    await thief.signIn(ada, PASSWORDS.u1!)
    assert.equal((await register(home, new Passkey(host.url))).status, 201)
    const begun = await send(thief, `${BASE}/totp/enrol`)
    assert.notEqual(begun.status, 200, begun.response.text)
  })

  it('makes no new recovery codes once the session that asked for them was revoked', async () => {
    const app = await enrol(home, host.clock)
    const thief = stolen(home)
    const page = await thief.visit(`${BASE}/`)
    const held = await holdPost(thief, page, '/recovery-codes/regenerate', {}, arrived)
    await home.submit(await home.visit(`${BASE}/`), '/sign-out')
    assert.equal((await held.finish()).status, 401)
    host.clock.advance(1_000)
    await home.signIn(ada, PASSWORDS.u1!)
    assert.equal((await giveRecoveryCode(home, app.recoveryCodes[0]!)).status, 303, 'those of the owner are good still')
  })

  it('keeps no owner from the second half of a sign-in: who has to wait makes no attempt', async () => {
    const app = await enrol(home, host.clock)
    const halfWay = async () => {
      const browser = host.browser()
      await browser.signIn(ada, PASSWORDS.u1!)
      return browser
    }
    const owner = await halfWay()
    for (let i = 0; i < 2; i += 1) {
      const guesser = await halfWay()
      for (let n = 0; n < 5; n += 1) await giveCode(guesser, app.wrong())
    }
    for (let i = 0; i < 6; i += 1) assert.equal((await giveCode(owner, app.code())).status, 429)
    host.clock.advance(61_000)
    assert.equal((await giveCode(owner, app.code())).status, 303)
    assert.ok(await owner.isSignedIn())
  })
})
