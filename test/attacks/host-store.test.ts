import assert from 'node:assert/strict'
import express from 'express'
import session from 'express-session'
import { createServer } from 'node:http'
import { copyOf, on as onHost } from '../host/stories.js'
import { ACCOUNTS, isIn, seenAs, startKeptHost, type KeptHostOptions } from '../support/kept-host.js'

const ada = ACCOUNTS[0]!

class Deaf extends session.MemoryStore {
  override destroy(): void {} // never says that it is done, and it is not
}
class Thrower extends session.MemoryStore {
  override destroy(): void {
    throw new Error('the store is broken')
  }
}
class Failing extends session.MemoryStore {
  override destroy(_sid: string, done?: (error?: unknown) => void): void {
    setImmediate(() => done?.(new Error('the store is full')))
  }
}

const routes: NonNullable<KeptHostOptions['routes']> = (app) => {
  app.post('/login', (req, res, next) => req.logIn(ada, (error) => (error ? next(error) : res.json({ ok: true }))))
  app.post('/logout', (req, res) => {
    ;(req.logout as unknown as () => void)()
    res.json({ ok: true })
  })
  app.post('/destroy', (req, res) => {
    ;(req.session as unknown as { destroy(): void }).destroy()
    res.json({ ok: true })
  })
}

const on = (options: KeptHostOptions, story: Parameters<typeof onHost>[1]) =>
  onHost({ passport: 5, routes, ...options }, story)()

describe('A store of the host that', function () {
  this.timeout(20_000)
  for (const [name, Store] of [
    ['never answers to destroy', Deaf],
    ['throws from destroy', Thrower],
    ['cannot destroy', Failing],
  ] as const)
    it(`${name}: every answer comes, and what has ended is over`, () =>
      on({ session: { store: new Store() } }, async (host) => {
        const browser = host.browser()
        await browser.json('/cart', { bread: 1 })
        await browser.post('/login', {})
        assert.equal(await seenAs(browser), ada.email)
        const copy = copyOf(browser)
        await host.security!.sessions.revokeAll('1')
        assert.equal(await seenAs(browser), null)
        assert.equal(await isIn(copy), false)
        for (const way of ['/logout', '/destroy']) {
          const again = host.browser()
          await again.post('/login', {})
          const kept = copyOf(again)
          await again.post(way, {}) // whatever it answers
          assert.equal(await isIn(kept), false, way)
          assert.equal(await seenAs(kept), null, way)
        }
      }))

  it("is told by `unset: 'destroy'`: what is null is signed out", () =>
    on(
      {
        session: { unset: 'destroy' },
        routes: (app, parts) => {
          routes(app, parts)
          app.post('/null', (req, res) => {
            Object.assign(req, { session: null })
            res.json({ ok: true })
          })
        },
      },
      async (host) => {
        const browser = host.browser()
        await browser.post('/login', {})
        const copy = copyOf(browser)
        await browser.post('/null', {})
        assert.equal(await isIn(copy), false)
        assert.equal(await host.security!.sessions.revokeAll('1'), 0)
      },
    ))

  it('serves two createSecurity on one app: revoked by either, a session is over', async () => {
    const other = await startKeptHost({ security: { basePath: '/other' } })
    await on({ passport: 7, before: (app) => void app.use(other.security!.router) }, async (host) => {
      for (const revoker of [host, other]) {
        const browser = host.browser()
        assert.equal((await browser.post('/login', {})).status, 200)
        assert.equal(await seenAs(browser), ada.email)
        assert.equal(await revoker.security!.sessions.revokeAll('1'), 1)
        assert.equal(await seenAs(browser), null)
      }
    })
    await other.close()
  })

  it('under /api answers /API too, as Express does', async () => {
    const host = await startKeptHost({ passport: null, security: { basePath: '/api/security' }, routes: () => {} })
    const app = express()
    const load = session({ secret: 'of the app', resave: false, saveUninitialized: false })
    app.use('/api', load, host.security!.router, (_req, res) => void res.json({ ok: true }))
    const server = createServer(app)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    try {
      const { port } = server.address() as { port: number }
      const status = async (path: string) =>
        (await fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', headers: { accept: 'text/html' } }))
          .status
      assert.equal(await status('/API/hello'), 200)
      assert.equal(await status('/API/security/sessions'), 303)
      assert.equal(await status('/api/security/sessions'), 303)
    } finally {
      server.close()
      await host.close()
    }
  })
})
