import assert from 'node:assert/strict'
import type { Request, Response } from 'express'
import { sql } from 'kysely'
import { join } from 'node:path'
import { handle } from '../../middleware/handle.js'
import { openDatabase } from '../../src/stores/sql/database.js'
import { TestClock } from '../support/clock.js'
import { ACCOUNTS, isIn, seenAs, startKeptHost, type KeptHostOptions } from '../support/kept-host.js'
import { tempFolder } from '../support/services.js'
import { COOKIE, copyOf, on, text } from '../host/stories.js'

const [ada, grace] = [ACCOUNTS[0]!, ACCOUNTS[1]!]
type Data = Record<string, unknown> & { userId?: unknown }
const dataOf = (req: Request) => req.session as unknown as Data

const logInAda: KeptHostOptions['routes'] = (app) => {
  app.post('/login', (req, res, next) => req.logIn(ada, (error) => (error ? next(error) : res.json({ ok: true }))))
}

/** A host that keeps `req.session.userId`, and no Passport. */
const keepsUserId: KeptHostOptions['routes'] = (app, { security }) => {
  app.post(
    '/login',
    handle(async (req, res) => {
      await security!.signIn(req, ada, { amr: ['pwd'] })
      dataOf(req).userId = ada.id
      res.json({ ok: true })
    }),
  )
  app.post('/regenerate-then-login', (req, res, next) => {
    req.session.regenerate((error?: unknown) => {
      if (error) return next(error)
      dataOf(req).userId = ada.id
      security!.signIn(req, ada, { amr: ['pwd'] }).then(() => res.json({ user: req.security.user?.id }), next)
    })
  })
  app.post(
    '/regenerate',
    text((req, res) => req.session.regenerate(() => res.json({ user: req.security.user }))),
  )
  app.post(
    '/forget',
    text((req, res) => {
      dataOf(req).userId = null
      res.json({})
    }),
  )
  app.post(
    '/destroy',
    text((req, res) => req.session.destroy((error: unknown) => res.status(error ? 503 : 200).json({}))),
  )
  app.get(
    '/mine',
    text((req, res) => {
      Object.assign(req.session, { seen: Math.random() })
      res.json({ userId: dataOf(req).userId ?? null, id: typeof req.sessionID })
    }),
  )
}
const sessionUser = (req: Request) => (dataOf(req).on === false ? false : dataOf(req).userId) as string
const plain: KeptHostOptions = { passport: null, routes: keepsUserId, security: { sessionUser } }

describe("A session that is over, in the hands of the host's own code", () => {
  it(
    'still has an id to read, and may be regenerated before the next sign-in',
    on(plain, async (host) => {
      const browser = host.browser()
      await browser.post('/login', {})
      await host.security!.sessions.revokeAll('1')
      assert.deepEqual((await copyOf(browser).json('/mine')).json, { userId: null, id: 'string' })
      assert.deepEqual((await browser.post('/regenerate-then-login', {})).json, { user: '1' })
      assert.equal((await browser.json('/mine')).json.userId, 1)
      assert.deepEqual((await browser.post('/regenerate-then-login', {})).json, { user: '1' })
      assert.equal((await browser.json('/mine')).json.userId, 1, 'nor is lost what goes into a session just begun')
    }),
  )

  it(
    'ends for the same request when it is regenerated',
    on(plain, async (host) => {
      const browser = host.browser()
      await browser.post('/login', {})
      assert.deepEqual((await browser.post('/regenerate', {})).json, { user: null })
    }),
  )

  it(
    'is over when the host forgets the user that `sessionUser` reads, also for a copy that is saved late',
    on(plain, async (host) => {
      const browser = host.browser()
      await browser.post('/login', {})
      const sid = decodeURIComponent(browser.cookie(COOKIE)!).slice(2).split('.')[0]!
      const saved = await new Promise((done) => host.store.get(sid, (_error, data) => done(data)))
      await browser.post('/forget', {})
      assert.equal(await isIn(browser), false)
      await new Promise((done) => host.store.set(sid, saved as never, done))
      assert.equal(await isIn(browser), false)
      assert.equal((await copyOf(browser).json('/mine')).json.userId, null)
      assert.equal(await host.security!.sessions.revokeAll('1'), 0)
    }),
  )

  it(
    'is not made of a `sessionUser` that says no, nor of a Passport whose user is nobody',
    on(
      {
        ...plain,
        routes: (app) => {
          app.post(
            '/visit',
            text((req, res) => {
              Object.assign(req.session, { on: false, userId: 1, passport: { user: null }, cart: 'bread' })
              res.json({})
            }),
          )
        },
      },
      async (host) => {
        const browser = host.browser()
        await browser.post('/visit', {})
        assert.equal((await browser.json('/cart')).json, 'bread')
        assert.equal((await browser.json('/cart')).json, 'bread')
      },
    ),
  )

  it(
    'opens nothing under a second Passport with a key of its own either',
    on(
      {
        before: (app) => {
          // a second Passport, for the staff, before the one that the host signs its customers in with
          app.use((req, _res, next) => {
            const staff = (dataOf(req).staff as { user?: unknown } | undefined)?.user
            if (staff) req.user = ACCOUNTS.find((each) => each.id === staff) as never
            next()
          })
        },
        routes: (app) => {
          app.post('/login', (req, res, next) => {
            const manager = (req as unknown as { _sessionManager: { _key: string } })._sessionManager
            const given = manager._key
            manager._key = 'staff'
            req.logIn(ada, (error) => {
              manager._key = given
              return error ? next(error) : res.json({})
            })
          })
        },
      },
      async (host) => {
        const browser = host.browser()
        await browser.post('/login', {})
        assert.equal(await seenAs(browser), ada.email)
        assert.equal(await isIn(browser), true)
        await host.security!.sessions.revokeAll('1')
        assert.equal(await seenAs(browser), null)
      },
    ),
  )
})

describe('While nobody can tell whether a session is alive', () => {
  it('the host is told of no user, a sign-out fails aloud, and nothing is lost', async () => {
    const folder = await tempFolder()
    const database = `sqlite:${join(folder.path, 'gone.db')}`
    const host = await startKeptHost({ ...plain, database })
    const db = await openDatabase(database)
    const rename = (from: string, to: string) =>
      sql`alter table ${sql.table(from)} rename to ${sql.table(to)}`.execute(db)
    try {
      const browser = host.browser()
      await browser.post('/login', {})
      await browser.json('/cart', { bread: 1 })
      await rename('security_sessions', 'gone')
      assert.deepEqual((await browser.json('/mine')).json, { userId: null, id: 'string' })
      assert.equal((await browser.json('/guarded')).status, 503)
      assert.equal((await browser.post('/destroy', {})).status, 503, 'nobody believes that they are signed out')
      await rename('gone', 'security_sessions')
      host.errors.splice(0)
      const other = host.browser()
      await other.post('/login', {})
      await other.json('/cart', { bread: 2 })
      await rename('security_sessions', 'gone')
      await other.json('/mine')
      await rename('gone', 'security_sessions')
      assert.equal(await isIn(other), true)
      assert.deepEqual((await other.json('/cart')).json, { bread: 2 })
    } finally {
      await db.destroy()
      await host.close()
      await folder.remove()
    }
  })
})

describe('What the gate costs a visitor, and where it leads', () => {
  it('nothing is asked in SQL for a visitor with a session; signInPath may have a query', async () => {
    const folder = await tempFolder()
    const database = `sqlite:${join(folder.path, 'asked.db')}`
    const host = await startKeptHost({ database, security: { signInPath: '/login?from=gate' } })
    const db = await openDatabase(database)
    try {
      const browser = host.browser()
      const tables = ['sessions', 'users', 'dead_ids'].map((name) => `security_${name}`)
      for (const name of tables)
        await sql`alter table ${sql.table(name)} rename to ${sql.table(`no_${name}`)}`.execute(db)
      host.errors.splice(0)
      await browser.json('/cart', { bread: 1 })
      assert.deepEqual((await browser.json('/cart')).json, { bread: 1 })
      assert.equal((await browser.visit('/guarded')).location, '/login?from=gate&returnTo=%2Fguarded')
      assert.equal((await browser.visit('//evil.example/x')).status, 404)
      assert.equal((await browser.visit('/security/sign-in?returnTo=//evil.example')).location, '/login?from=gate')
      for (const name of tables)
        await sql`alter table ${sql.table(`no_${name}`)} rename to ${sql.table(name)}`.execute(db)
    } finally {
      await db.destroy()
      await host.close()
      await folder.remove()
    }
  })

  it(
    'what formFields tells is shown as text',
    on(
      { security: { formFields: () => ({ '"><b>': '"><script>alert(1)</script>' }) }, routes: logInAda },
      async (host) => {
        const browser = host.browser()
        await browser.post('/login', {})
        const page = await browser.visit('/security/')
        assert.equal(page.$('form script, form b').length, 0)
        assert.equal(page.$('input[type=hidden]').filter((_, each) => each.attribs.name === '"><b>').length > 0, true)
      },
    ),
  )
})

describe('A sign-in of the host that goes wrong', () => {
  it(
    'in its own callback, ends in its error handler and not the process',
    on(
      {
        passport: 5,
        routes: (app) => {
          app.post('/login', (req) => {
            req.logIn(ada, () => {
              throw new Error('a mistake of the host')
            })
          })
          app.use(((error: Error, _req: Request, res: Response, _next: unknown) => {
            res.status(500).json({ message: error.message })
          }) as never)
        },
      },
      async (host) => {
        const answer = await host.browser().post('/login', {})
        assert.deepEqual([answer.status, answer.json], [500, { message: 'a mistake of the host' }])
      },
    ),
  )

  it(
    'is waited for by an answer that does not wait for it',
    on(
      {
        passport: 5,
        routes: (app) => {
          app.post(
            '/login',
            text((req, res) => {
              req.logIn(ada, () => {})
              res.redirect('/')
            }),
          )
        },
      },
      async (host) => {
        const browser = host.browser()
        await browser.post('/login', {})
        assert.equal(await seenAs(browser), ada.email)
        assert.equal((await browser.sessions()).length, 1)
      },
    ),
  )

  it('registers nothing when the answer goes out meanwhile', async () => {
    const seen: { res?: Response; error?: unknown } = {}
    const serialize = ({ id }: { id: number }) => (seen.res!.flushHeaders(), id)
    await on(
      {
        passport: 5,
        keys: { serialize, deserialize: (id) => ACCOUNTS.find((each) => each.id === id) },
        routes: (app) => {
          app.post(
            '/login',
            text((req, res) => {
              seen.res = res
              req.logIn(ada, (error) => {
                seen.error = error
                res.end()
              })
            }),
          )
        },
      },
      async (host) => {
        await host.browser().post('/login', {})
        assert.match(String(seen.error), /before the answer is sent/)
        assert.equal(await host.security!.sessions.revokeAll('1'), 0)
      },
    )()
  })

  it(
    "leaves no user in a visitor's session (Passport 0.5)",
    on(
      {
        passport: 5,
        routes: (app, parts) => {
          logInAda(app, parts)
          app.post(
            '/visit',
            text((req, res) => {
              Object.assign(req.session, { passport: {}, cart: 'bread' })
              res.json({})
            }),
          )
        },
      },
      async (host) => {
        // refused at the last moment: the gate lets the user pass, and the registration does not
        await host.security!.users.disable('1')
        const browser = host.browser()
        await browser.post('/visit', {})
        assert.ok((await browser.post('/login', {})).status >= 400)
        assert.equal((await browser.json('/cart')).json, 'bread')
      },
    ),
  )

  it('is refused when the password was changed in the very millisecond in which it came', async () => {
    const now = Date.now()
    const clock = Object.assign(new TestClock(), { now: () => now })
    await on(
      {
        security: { clock },
        routes: (app, { security }) => {
          app.post('/login', (req, res, next) => {
            // its password has been read by now; the host changes it, and ends everything
            void security!.sessions
              .revokeAll('1')
              .then(() => req.logIn(ada, (e) => (e ? next(e) : res.json({ in: true }))))
          })
        },
      },
      async (host) => {
        assert.equal((await host.browser().json('/login', {})).status, 422)
        assert.equal((await host.browser().json('/login', {})).status, 422)
      },
    )()
  })

  it('says that it has to pass the router', async () => {
    const host = await startKeptHost()
    try {
      const never = host.security!.signIn({ headers: {}, get: () => undefined } as never, grace, { amr: ['pwd'] })
      await assert.rejects(never, /did not pass security.router/)
    } finally {
      await host.close()
    }
  })
})
