import assert from 'node:assert/strict'
import express, { type RequestHandler } from 'express'
import { BASE, FIREFOX } from '../support/browser.js'
import { ACCOUNTS, isIn, logIn, seenAs } from '../support/kept-host.js'
import { COOKIE, on, text } from './stories.js'

const ada = ACCOUNTS[0]!

describe("A host's other middleware", () => {
  it(
    'a CSRF guard in front of us gets its own field from our forms',
    on(
      {
        security: { formFields: (req) => ({ _csrf: `token of ${req.sessionID.slice(0, 4)}` }) },
        before: (app) => {
          app.use(express.urlencoded({ extended: false }), (req, res, next) => {
            const body = req.body as { _csrf?: string } | undefined
            const ours = req.method === 'POST' && req.path.startsWith(BASE)
            if (ours && body?._csrf !== `token of ${req.sessionID.slice(0, 4)}`) res.status(403).send('bad token')
            else next()
          })
        },
      },
      async (host) => {
        const [browser, other] = [host.browser(FIREFOX), host.browser()]
        await logIn(browser, ada)
        await logIn(other, ada)
        const page = await browser.visit(`${BASE}/sessions`)
        const [form] = page.$('form[action$="/revoke"]').get()
        const answer = await browser.submit(page, String(form!.attribs.action))
        assert.equal(answer.status, 303)
        assert.equal(await isIn(other), false)
        const { formFields } = (await browser.json(`${BASE}/sessions`)).json
        assert.deepEqual(Object.keys(formFields as object), ['_csrf'], 'a script is told as well')
      },
    ),
  )

  for (const [name, before] of [
    ['no body parser', undefined],
    ['only a JSON parser', (app: express.Express) => void app.use(express.json())],
  ] as const)
    it(
      `${name}: our forms are read all the same`,
      on({ security: { signInPath: undefined }, before }, async (host) => {
        await host.security!.passwords.set('1', 'Correct-Horse-7-Battery')
        const browser = host.browser()
        const answer = await browser.signIn(ada, 'Correct-Horse-7-Battery')
        assert.equal(answer.status, 303)
        assert.equal(await seenAs(browser), ada.email)
      }),
    )

  it(
    'catch-all routes and 404 handlers after us',
    on(
      {
        routes: (app, { passport }) => {
          app.post(
            '/login',
            express.urlencoded({ extended: false }),
            passport.authenticate('local') as RequestHandler,
            text((_req, res) => res.json({})),
          )
          app.use((_req, res) => void res.status(404).send('lost in the app'))
        },
      },
      async (host) => {
        const browser = host.browser()
        await logIn(browser, ada)
        assert.equal((await browser.visit(`${BASE}/`)).status, 200)
        assert.equal((await browser.visit('/nowhere')).text, 'lost in the app')
        assert.doesNotMatch((await browser.visit(`${BASE}/nowhere`)).text, /lost in the app/)
      },
    ),
  )

  it(
    'trust proxy is read on each request: true is believed by nobody, and may be set after we are mounted',
    on(
      {
        routes: (app) => {
          app.set('trust proxy', true)
          app.post(
            '/login',
            text((req, res) => req.logIn(ada, () => res.json({}))),
          )
        },
      },
      async (host) => {
        const browser = host.browser()
        await browser.post('/login', {}, { 'X-Forwarded-For': '203.0.113.9' })
        assert.equal((await browser.sessions())[0]!.ip, '127.0.0.1')
        host.app.set('trust proxy', 1)
        await browser.post('/login', {}, { 'X-Forwarded-For': '203.0.113.9' })
        assert.equal((await browser.sessions())[0]!.ip, '203.0.113.9')
      },
    ),
  )

  it(
    'HTTP Basic signs in again on each request: one device, and a revoked one is not replaced',
    on(
      {
        routes: (app) => {
          app.use('/basic', (req, res, next) => {
            const [, sent = ''] = (req.get('authorization') ?? '').split(' ')
            const [email, password] = Buffer.from(sent, 'base64').toString().split(':')
            const account = ACCOUNTS.find((each) => each.email === email && each.password === password)
            if (account) req.logIn(account, (error) => (error ? next(error) : next()))
            else res.status(401).set('WWW-Authenticate', 'Basic').send('who are you?')
          })
          app.get(
            '/basic',
            text((req, res) => res.json({ user: (req.user as typeof ada).email })),
          )
        },
      },
      async (host) => {
        const browser = host.browser()
        const authorization = `Basic ${Buffer.from(`${ada.email}:${ada.password}`).toString('base64')}`
        const ask = () => browser.json('/basic', undefined, { authorization })
        for (let i = 0; i < 4; i += 1) assert.equal((await ask()).status, 200)
        assert.equal((await browser.sessions()).length, 1)
        assert.equal(await host.security!.sessions.revokeAll('1'), 1)
        for (let i = 0; i < 3; i += 1) {
          const refused = await ask()
          assert.equal(refused.status, 401)
          assert.equal(refused.json.code, 'session_revoked')
        }
        assert.equal(await host.security!.sessions.revokeAll('1'), 0)
      },
    ),
  )

  it(
    'one that writes another user into the session is not believed',
    on(
      {
        routes: (app) => {
          app.post(
            '/login',
            text((req, res) => req.logIn(ada, () => res.json({}))),
          )
          app.post(
            '/become',
            text((req, res) => {
              ;(req.session as unknown as { passport: { user: number } }).passport.user = 2
              res.json({})
            }),
          )
        },
      },
      async (host) => {
        const browser = host.browser()
        await browser.post('/login', {})
        await browser.post('/become', {})
        assert.equal(await seenAs(browser), null)
        assert.equal(await isIn(browser), false)
        assert.match(String(host.errors), /names another user/)
      },
    ),
  )
})

describe('Our sign-in pages on the session of the host (way 2)', () => {
  it(
    "call the host's req.logIn, so that req.user is there",
    on({ security: { signInPath: undefined } }, async (host) => {
      await host.security!.passwords.set('1', 'Correct-Horse-7-Battery')
      const browser = host.browser()
      await browser.json('/cart', { bread: 1 })
      assert.equal((await browser.signIn(ada, 'Wrong-Horse-7-Battery')).status, 422)
      const visitor = browser.cookie(COOKIE)
      assert.equal((await browser.signIn(ada, 'Correct-Horse-7-Battery')).status, 303)
      assert.notEqual(browser.cookie(COOKIE), visitor)
      assert.equal(await seenAs(browser), ada.email)
      const page = await browser.visit(`${BASE}/`)
      const form = {
        currentPassword: 'Correct-Horse-7-Battery',
        newPassword: 'Another-Horse-8-Battery',
        confirmPassword: 'Another-Horse-8-Battery',
      }
      const other = host.browser()
      await other.signIn(ada, 'Correct-Horse-7-Battery')
      assert.equal((await browser.submit(page, '/password', form)).status, 303)
      assert.equal(await seenAs(browser), ada.email, 'this session goes on under a new id')
      assert.equal(await seenAs(other), null)
    }),
  )
})
