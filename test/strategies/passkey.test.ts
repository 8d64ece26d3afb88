import { deepEqual, equal } from 'node:assert/strict'
import express, { type Express } from 'express'
import session from 'express-session'
import { Passport } from 'passport'
import type { Security } from 'sallyport'
import { handle } from '../../middleware/handle.js'
import { Authenticator } from '../support/passkey-authenticator.js'
import { ada, PASSWORDS, SECRET, startHost, type Host } from '../support/host.js'
import { register } from '../support/passkeys.js'

describe('The passkey strategy alone, in a Passport of the host', () => {
  let host: Host
  let authenticator: Authenticator
  let own: Express
  beforeEach(async () => {
    host = await startHost({ before: (app) => void app.use('/own', (req, res, next) => own(req, res, next)) })
    own = ownApp(host.security)
    const home = host.browser()
    await home.signIn(ada, PASSWORDS.u1!)
    authenticator = new Authenticator(host.url)
    equal((await register(home, authenticator)).status, 201)
  })
  afterEach(() => host.close())

  /** The app of a team that keeps its sign-in: express-session, its own Passport, no router of ours. */
  function ownApp(security: Security): Express {
    const passport = new Passport()
    passport.use(security.strategies.passkey())
    passport.serializeUser((user, done) => done(null, (user as { id: string }).id))
    passport.deserializeUser((id, done) => done(null, id === ada.id ? ada : false))
    const app = express()
    app.use(session({ name: 'own', secret: SECRET, resave: false, saveUninitialized: false }))
    app.use(passport.initialize(), passport.session(), express.json())
    app.post(
      '/options',
      handle(async (req, res) => void res.json(await security.passkeys.signInOptions(req))),
    )
    app.post('/login', passport.authenticate('passkey'), (req, res) => void res.json(req.user))
    app.post('/told', (req, res, next) => {
      const told = (error: unknown, user?: unknown, info?: unknown) => (error ? next(error) : res.json({ user, info }))
      void passport.authenticate('passkey', told)(req, res, next)
    })
    app.get('/me', (req, res) => void (req.user ? res.json(req.user) : res.sendStatus(401)))
    return app
  }

  it('signs a member in to the session of the host, and not to one of ours', async () => {
    const browser = host.browser()
    const options = await browser.json('/own/options', {})
    const done = await browser.json('/own/login', authenticator.get(options.json))
    deepEqual([done.status, done.json], [200, ada])
    deepEqual((await browser.json('/own/me')).json, ada)
    equal(await browser.isSignedIn(), false)
  })

  it('an answer is good for once, in the browser that asked', async () => {
    const [browser, other] = [host.browser(), host.browser()]
    await other.json('/own/options', {})
    const options = await browser.json('/own/options', {})
    const answer = authenticator.get(options.json)
    const refused = { user: false, info: { code: 'invalid_passkey', message: 'This passkey cannot be used' } }
    deepEqual((await other.json('/own/told', answer)).json, refused)
    deepEqual((await browser.json('/own/told', answer)).json.user, ada)
    deepEqual((await browser.json('/own/told', answer)).json, refused)
  })

  it('what is no answer is refused', async () => {
    const browser = host.browser()
    for (const body of [{}, { passkey: 1 }, { id: 'x' }]) equal((await browser.json('/own/login', body)).status, 422)
  })
})
