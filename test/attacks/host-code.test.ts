import assert from 'node:assert/strict'
import express, { type NextFunction, type Request, type Response } from 'express'
import { createSecurity } from 'sallyport'
import supertest from 'supertest'
import { ada, PASSWORDS, SECRET, startHost, tove, type Host } from '../support/host.js'

describe('Host code that does what nobody thought of', () => {
  let host: Host
  before(async () => {
    host = await startHost({
      routes: (app, security) => {
        app.post('/destroy', (req, res) => {
          req.session.destroy(() => void res.json({ user: req.security.user }))
        })
        app.post('/regenerate', (req, res) => {
          req.session.regenerate(() => void res.json({ user: req.security.user }))
        })
        app.post('/destroy-and-sign-in', (req, res, next) => {
          req.session.destroy(() => {
            security.signIn(req, tove, { amr: ['fed'] }).then(() => res.json({ user: req.security.user }), next)
          })
        })
        app.post('/too-late', (req, res) => {
          res.json({})
          security.signIn(req, tove, { amr: ['fed'] }).catch((error: unknown) => host.errors.push(error))
        })
        app.get('/longer', (req, res) => {
          req.session.cookie.maxAge = 1_000_000
          ;(req.session as unknown as { n: number }).n = 1
          res.json({})
        })
        app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
          res.status(500).json({ message: String(error) })
        })
      },
    })
  })
  after(() => host.close())

  async function signedIn() {
    const browser = host.browser()
    await browser.signIn(ada, PASSWORDS.u1!)
    return browser
  }

  for (const path of ['/destroy', '/regenerate'])
    it(`req.session${path.replace('/', '.')}() signs out, in this request already`, async () => {
      const browser = await signedIn()
      assert.equal((await browser.json(path, {})).json.user, null)
      assert.equal(await browser.isSignedIn(), false)
    })

  it('a session may be destroyed and another one begun in one request', async () => {
    const browser = await signedIn()
    const page = await browser.json('/destroy-and-sign-in', {})
    assert.deepEqual(page.json, { user: { id: tove.id, email: tove.email, name: tove.name } })
    assert.equal(await browser.isSignedIn(), true)
  })

  it('a sign-in after the answer is refused before anything is registered', async () => {
    const browser = host.browser()
    await browser.json('/too-late', {})
    while (host.errors.length === 0) await new Promise((next) => setImmediate(next))
    assert.match(String(host.errors.splice(0)[0]), /ConfigurationError: .*before the answer/)
    assert.equal(await browser.isSignedIn(), false)
  })

  it('a cookie that the host makes longer keeps its attributes', async () => {
    const browser = await signedIn()
    const cookies = ([] as string[]).concat((await browser.visit('/longer')).response.headers['set-cookie'] ?? [])
    for (const cookie of cookies) assert.match(cookie, /HttpOnly; SameSite=Lax/)
  })

  it('the guard of another createSecurity does not take our session for its own', async () => {
    const other = await createSecurity({
      origin: 'http://localhost:3000',
      secret: SECRET,
      database: 'sqlite::memory:',
      users: { findById: () => null, findByEmail: () => null },
    })
    const app = express()
    app.use(host.security.router)
    app.post('/enter', (req, res, next) => {
      host.security.signIn(req, ada, { amr: ['fed'] }).then(() => res.json({}), next)
    })
    app.get('/staff', other.requireSession(), (_req, res) => void res.json({ staff: true }))
    app.use(other.errorHandler)
    const agent = supertest.agent(app)
    await agent.post('/enter').expect(200)
    await agent.get('/staff').set('Accept', 'application/json').expect(401)
    await other.close()
  })
})
