import assert from 'node:assert/strict'
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import type { MemoryStore } from 'express-session'
import { Authenticator, enrol } from '../support/authenticator.js'
import { BASE, type Browser } from '../support/browser.js'
import { StillClock } from '../support/clock.js'
import { ACCOUNTS, accountOf, isIn, logIn, seenAs, startKeptHost, type KeptHost } from '../support/kept-host.js'

const [ada, grace] = ACCOUNTS as [(typeof ACCOUNTS)[0], (typeof ACCOUNTS)[0]]

/** The app's own page for the code; it leads on by itself, and says what was wrong in its own words. */
function ownPages(app: express.Express, { passport, security }: Pick<KeptHost, 'passport' | 'security'>): void {
  const { strategies } = security!
  passport.use(strategies.totp())
  passport.use(strategies.recoveryCode())
  passport.use('named', strategies.totp({ field: 'pin', user: (req) => accountOf(req.query.of) }))
  app.use(express.urlencoded({ extended: true, limit: '2mb' }), express.json())
  const password = passport.authenticate('local') as RequestHandler
  app.post('/login', password, (req, res) => res.redirect(req.user ? '/me' : '/login/code'))
  const options = { successRedirect: '/me' }
  const answering = (name: string) => (req: Request, res: Response, next: NextFunction) => {
    const done = (error: unknown, user?: Express.User | false, info?: object) => {
      if (error) return next(error)
      if (!user) return res.status(422).json(info)
      req.logIn(user, (failed: unknown) => (failed ? next(failed) : res.json({ user, info })))
    }
    ;(passport.authenticate(name, options, done) as RequestHandler)(req, res, next)
  }
  app.post('/login/code', answering('totp'))
  app.post('/login/recovery-code', answering('recovery-code'))
  const alone = (name: string) => passport.authenticate(name, { session: false }) as RequestHandler
  app.post('/check', alone('totp'), (req, res) => void res.json({ user: req.user }))
  app.post('/check/named', alone('named'), (req, res) => void res.json({ user: req.user }))
}

describe("TOTP and recovery codes as strategies, behind the app's own two-step sign-in", () => {
  let host: KeptHost
  let app: Authenticator
  before(async () => {
    host = await startKeptHost({ routes: ownPages, clock: new StillClock() })
    const browser = host.browser()
    await logIn(browser, ada)
    app = await enrol(browser, host.clock)
  })
  after(() => host.close())
  afterEach('nothing was reported', () => assert.deepEqual(host.errors, []))

  async function halfWay(): Promise<Browser> {
    const browser = host.browser()
    assert.equal((await logIn(browser, ada)).location, '/login/code')
    return browser
  }
  const stored = () => JSON.stringify((host.store as MemoryStore & { sessions: object }).sessions)
  const amrOf = async (browser: Browser): Promise<string[]> => {
    const mine = (await browser.sessions()).find((each) => each.current)
    const event = signIns.find((each) => each.sessionId === mine!.id)
    return event!.amr
  }
  const signIns: { sessionId: string; amr: string[] }[] = []
  before(() => void host.security!.on('auth.sign_in_succeeded', ({ details }) => signIns.push(details)))

  it('the password alone leaves req.user empty and the stored session bare; the code signs in', async () => {
    const before = stored()
    const browser = await halfWay()
    assert.equal(await seenAs(browser), null)
    assert.equal(await isIn(browser), false)
    assert.equal(stored(), before, 'a socket server that reads the store finds nobody')
    const page = await browser.json('/login/code', { code: app.next() })
    assert.equal((page.json.user as { email: string }).email, ada.email)
    assert.equal(await seenAs(browser), ada.email)
    assert.ok(await isIn(browser))
    assert.deepEqual(await amrOf(browser), ['otp'], 'its own password check has not said what it is')
  })

  it('a wrong code, a used one and one of a wrong clock are told apart; five of them end the sign-in', async () => {
    const used = app.next()
    assert.equal((await (await halfWay()).json('/login/code', { code: used })).status, 200)
    const browser = await halfWay()
    const tries: [object, object][] = [
      [{ code: app.wrong() }, { code: 'invalid_code', message: 'That code is wrong' }],
      [{ code: used }, { code: 'code_already_used', message: 'That code has been used already' }],
      [{ code: app.code(-90_000) }, { code: 'invalid_code', message: 'That code is wrong', clockOffBySeconds: 90 }],
      // one that is still to come is told to nobody who only guesses: they would wait for it
      [{ code: app.code(90_000) }, { code: 'invalid_code', message: 'That code is wrong' }],
      [{ code: app.wrong() }, { code: 'invalid_code', message: 'That code is wrong' }],
      [{ code: app.code(30_000) }, { code: 'sign_in_required', message: 'Sign in first' }],
    ]
    for (const [body, info] of tries) {
      const page = await browser.json('/login/code', body)
      assert.deepEqual([page.status, page.json], [422, info], JSON.stringify(body))
    }
    assert.equal(await isIn(browser), false)
  })

  it('a recovery code does as well, once, and says how many are left', async () => {
    const [recoveryCode] = app.recoveryCodes
    const browser = await halfWay()
    const page = await browser.json('/login/recovery-code', { recoveryCode })
    assert.deepEqual([page.status, page.json.info], [200, { left: 7 }])
    assert.deepEqual(await amrOf(browser), ['rc'])
    const again = await (await halfWay()).json('/login/recovery-code', { recoveryCode })
    assert.deepEqual([again.status, again.json.code], [422, 'invalid_code'])
  })

  it('what is no text, and what nobody has typed, is refused and not looked at', async () => {
    const browser = await halfWay()
    const code = app.next()
    const bodies: object[] = [
      {},
      [],
      { code: [code] },
      { code: { $ne: '' } },
      { code: `${code}\0` },
      { code: 'x'.repeat(99) },
    ]
    for (const body of bodies) {
      const page = await browser.json('/login/code', body)
      assert.deepEqual([page.status, page.json.code], [422, 'invalid_code'], JSON.stringify(body).slice(0, 50))
    }
    assert.equal((await browser.json('/login/code', { code })).status, 200, 'none of them has counted')
  })

  it('a password that is changed between the two halves opens no session', async () => {
    const browser = await halfWay()
    await host.security!.passwords.set(String(ada.id), 'Correct-Horse-7-Battery')
    const page = await browser.json('/login/code', { code: app.next() })
    assert.notEqual(page.status, 200)
    assert.equal(await isIn(browser), false)
  })

  it('who is signed in gives a fresh code; who is not is told to sign in; a named user is the one that counts', async () => {
    const browser = await halfWay()
    await browser.json('/login/code', { code: app.next() })
    const own = await browser.json('/check', { code: app.next() })
    assert.deepEqual([own.status, (own.json.user as { id: number }).id], [200, ada.id])
    assert.equal((await host.browser().json('/check', { code: app.next() })).status, 401)
    const named = await host.browser().json(`/check/named?of=${ada.id}`, { pin: app.next() })
    assert.equal(named.status, 200)
    const pin = app.next()
    assert.equal((await host.browser().json(`/check/named?of=${grace.id}`, { pin })).status, 401)
    assert.equal((await host.browser().json('/check/named', { pin })).status, 401)
    assert.equal((await host.browser().json(`/check/named?of=${ada.id}`, { pin })).status, 200, 'it was still good')
  })

  it('ten wrong codes in a row, and the next attempt waits: 429 by the error handler, also for a right one', async () => {
    const stranger = host.browser()
    for (let i = 0; i < 10; i += 1)
      assert.equal((await stranger.json(`/check/named?of=${ada.id}`, { pin: app.wrong() })).status, 401)
    const page = await stranger.json(`/check/named?of=${ada.id}`, { pin: app.code(30_000) })
    assert.deepEqual([page.status, page.json.code], [429, 'too_many_requests'])
    assert.ok(Number(page.response.headers['retry-after']) > 0)
    const visits = await host.browser().visit(`${BASE}/sign-in`)
    assert.equal(visits.location, '/login')
  })
})
