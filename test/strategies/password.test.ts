import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import session from 'express-session'
import { Passport } from 'passport'
import { createSecurity, type HostUser, type Security } from 'sallyport'
import { StoreUnavailable } from '../../src/core/errors.js'
import type { Proven } from '../../src/features/sign-in/complete-sign-in.js'
import { Proofs } from '../../src/features/sign-in/proofs.js'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { passwordStrategy } from '../../strategies/password.js'
import { Browser, CHROME } from '../support/browser.js'
import { until } from '../support/clock.js'
import { PASSWORDS, SECRET } from '../support/host.js'
import { freePort, tempFolder } from '../support/services.js'

/** A host's own user, with what Sallyport knows nothing of. */
interface Member extends HostUser {
  id: number
  plan: 'free' | 'paid'
}
const ada: Member = { id: 7, email: 'ada@acme.test', name: 'Ada Lindqvist', plan: 'paid' }
const dora: Member = { id: 8, email: 'dora@acme.test', name: 'Dora Vance', plan: 'free', disabled: true }
const tove: Member = { id: 9, email: 'tove@globex.test', name: 'Tove Halvorsen', plan: 'free' }
const PASSWORD = PASSWORDS.u1!
const WRONG = 'Wrong-Horse-7-Battery'

type Login = { user: Member | false; info: unknown }

describe('The password strategy alone, in a Passport of the host', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let security: Security
  let db: Database
  let server: Server
  let url: string
  /** Addresses that the host's table was asked for. */
  const asked: unknown[] = []
  const serialized: unknown[] = []
  const errors: unknown[] = []

  /** The app of a team that keeps its sign-in: express-session, its own Passport, no router of ours. */
  function app(): Express {
    const passport = new Passport()
    passport.use(security.strategies.password())
    passport.use('by-name', security.strategies.password({ usernameField: 'username', passwordField: 'pass' }))
    passport.serializeUser((user, done) => {
      serialized.push(user)
      done(null, (user as Member).id)
    })
    passport.deserializeUser((id, done) => done(null, id === ada.id ? ada : false))
    const own = express()
    own.use(session({ secret: SECRET, resave: false, saveUninitialized: false }))
    own.use(passport.initialize(), passport.session(), express.urlencoded({ extended: true }), express.json())
    const failureRedirect = '/login'
    own.post(
      '/login',
      passport.authenticate('password', { successRedirect: '/me', failureRedirect, failureMessage: true }),
    )
    own.get('/login', (req, res) => {
      const { messages } = req.session as unknown as { messages?: string[] }
      res.send(messages?.join() ?? '')
    })
    own.get('/me', (req, res) => void (req.user ? res.json(req.user) : res.sendStatus(401)))
    own.post('/logout', (req, res, next) => req.logOut((error) => (error ? next(error) : res.redirect('/login'))))
    const told = (res: Response) => (error: unknown, user?: unknown, info?: unknown) =>
      error ? res.status(500).end() : res.json({ user, info })
    own.all('/told', (req, res, next) => void passport.authenticate('password', told(res))(req, res, next))
    own.post('/by-name', (req, res, next) => void passport.authenticate('by-name', told(res))(req, res, next))
    own.post('/thrower', (req, res, next) => {
      passport.authenticate('password', (error: unknown) => {
        if (error) return next(error)
        throw new Error('the host has a bug')
      })(req, res, next)
    })
    own.use(security.errorHandler)
    own.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
      res.status(500).send((error as Error).message)
    })
    return own
  }

  before(async () => {
    folder = await tempFolder()
    const database = `sqlite:${join(folder.path, 'security.db')}`
    const people = [ada, dora, tove]
    const port = await freePort()
    url = `http://localhost:${port}`
    security = await createSecurity({
      origin: url,
      secret: SECRET,
      database,
      users: {
        findById: (id) => people.find((one) => String(one.id) === id),
        findByEmail: (email) => {
          asked.push(email)
          return people.find((one) => one.email === email)
        },
      },
      onError: (error) => errors.push(error),
    })
    for (const { id } of [ada, dora]) await security.passwords.set(String(id), PASSWORD)
    db = await openDatabase(database)
    server = createServer(app())
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  })
  after(async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
    await db.destroy()
    await security.close()
    await folder.remove()
  })
  beforeEach(async () => {
    asked.length = 0
    serialized.length = 0
    await db.deleteFrom('security_audit_events').execute()
  })
  afterEach('nothing was reported', () => assert.deepEqual(errors, []))

  const login = (body: object, path = '/told') => new Browser(url).json(path, body)
  const failures = () => db.selectFrom('security_audit_events').selectAll().execute()

  it("a member signs in and out by the host's form: its session, its user object, no session or cookie of ours", async () => {
    const browser = new Browser(url)
    const done = await browser.post('/login', { email: ` ${ada.email} `, password: PASSWORD })
    assert.equal(done.location, '/me')
    assert.equal(serialized.length, 1)
    assert.equal(serialized[0], ada, 'the very object that findByEmail returned')
    assert.deepEqual((await browser.json('/me')).json, { ...ada })
    assert.equal(browser.cookie(), undefined)
    assert.deepEqual(await db.selectFrom('security_sessions').selectAll().execute(), [])
    await browser.post('/logout', {})
    assert.equal((await browser.json('/me')).status, 401)
  })

  it('who is refused is refused alike, with a code and words for the form, and it is written down', async () => {
    const browser = new Browser(url)
    const refused = await browser.post('/login', { email: ada.email, password: WRONG })
    assert.equal((await browser.follow(refused)).response.text, 'E-mail or password is wrong')
    assert.equal((await browser.json('/me')).status, 401)
    const tries = [
      { email: ada.email, password: WRONG },
      { email: dora.email, password: PASSWORD },
      { email: tove.email, password: PASSWORD },
      { email: 'nobody@acme.test', password: PASSWORD },
    ]
    for (const each of tries) {
      const { user, info } = (await login(each)).json as unknown as Login
      assert.equal(user, false)
      assert.equal((info as { code: string }).code, 'invalid_credentials')
      assert.deepEqual(Object.keys(info as object), ['code', 'message'], 'nothing about why')
    }
    await until('all are written down', async () => (await failures()).length === 5)
    const rows = await failures()
    const found = rows.map(({ action, user_id, details }) => [action, user_id, JSON.parse(details) as unknown])
    const [invalid, disabled] = [{ reason: 'invalid_credentials' }, { reason: 'disabled' }]
    const expected = [
      ['auth.sign_in_failed', '7', invalid],
      ['auth.sign_in_failed', '7', invalid],
      ['auth.sign_in_failed', '8', disabled],
      ['auth.sign_in_failed', '9', invalid],
      ['auth.sign_in_failed', null, invalid],
    ]
    assert.deepEqual(
      new Set(found.map((row) => JSON.stringify(row))),
      new Set(expected.map((row) => JSON.stringify(row))),
    )
    assert.ok(rows.every((row) => row.user_agent === CHROME && /127\.0\.0\.1|::1/.test(row.ip ?? '')))
  })

  it("what is no text, too long, missing, or in the address never reaches the host's table", async () => {
    const bodies: object[] = [
      { email: { $gt: '' }, password: PASSWORD },
      { email: [ada.email], password: PASSWORD },
      { email: ada.email, password: { $ne: null } },
      { email: ada.email, password: [PASSWORD] },
      { email: ada.email, password: 'x'.repeat(5_000) },
      { email: `${'x'.repeat(400)}@acme.test`, password: PASSWORD },
      { email: '   ', password: PASSWORD },
      { email: `\0${ada.email}`, password: PASSWORD },
      { email: ada.email },
      [],
    ]
    for (const body of bodies) {
      const { user, info } = (await login(body)).json as unknown as Login
      assert.equal(user, false, JSON.stringify(body).slice(0, 100))
      assert.equal((info as { code: string }).code, 'invalid_credentials')
    }
    const address = new URLSearchParams({ email: ada.email, password: PASSWORD }).toString()
    for (const page of [await login({}, `/told?${address}`), await new Browser(url).json(`/told?${address}`)])
      assert.equal((page.json as unknown as Login).user, false)
    assert.deepEqual(asked, [])
  })

  it('fields may have the names that your form has', async () => {
    const { user } = (await login({ username: ada.email, pass: PASSWORD }, '/by-name')).json as unknown as Login
    assert.equal((user as Member).id, ada.id)
    const other = (await login({ email: ada.email, password: PASSWORD }, '/by-name')).json as unknown as Login
    assert.equal(other.user, false)
  })

  it("a bug in the host's callback is answered by the host, and ends no process", async () => {
    const page = await login({ email: ada.email, password: PASSWORD }, '/thrower')
    assert.deepEqual([page.status, page.response.text], [500, 'the host has a bug'])
    assert.equal((await login({ email: ada.email, password: PASSWORD })).status, 200)
  })

  it('a database that is gone is no wrong password: 503 by security.errorHandler', async () => {
    const verify = () => Promise.reject(new StoreUnavailable('sql', new Error('disk I/O error')))
    const strategy = passwordStrategy({ verify, proofs: new Proofs(), refused: () => assert.fail('refused') })
    const error = await new Promise((resolve) => {
      const req = { body: { email: ada.email, password: PASSWORD } } as Request
      new Passport().authenticate(strategy, { session: false }, resolve)(req, {} as Response, resolve)
    })
    assert.equal((error as { code: string }).code, 'unavailable')
    assert.equal((error as { status: number }).status, 503)
  })

  it('what was proven is known on that request, for that user, with the epoch it was verified under', async () => {
    const proofs = new Proofs()
    const [req, other] = [{}, {}]
    const proven: Proven = { user: { ...ada, id: '7', disabled: false, row: ada }, epoch: 3, amr: ['pwd'] }
    proofs.remember(req, proven)
    assert.deepEqual(proofs.of(req, '7'), proven)
    assert.equal(proofs.of(req, '8'), null, 'the host signs somebody else in')
    assert.equal(proofs.of(other, '7'), null, 'another request')
  })
})
