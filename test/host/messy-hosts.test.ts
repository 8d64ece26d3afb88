import assert from 'node:assert/strict'
import express, { type RequestHandler } from 'express'
import session from 'express-session'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { handle } from '../../middleware/handle.js'
import { BASE, FIREFOX, type Browser } from '../support/browser.js'
import {
  ACCOUNTS,
  isIn,
  logIn,
  seenAs,
  startKeptHost,
  type KeptHost,
  type KeptHostOptions,
} from '../support/kept-host.js'

const [ada, grace] = [ACCOUNTS[0]!, ACCOUNTS[1]!]
const COOKIE = 'connect.sid'
const cookieSession = createRequire(import.meta.url)('cookie-session') as (options: object) => RequestHandler

/** Runs a story on a host of its own. */
const on = (options: KeptHostOptions, story: (host: KeptHost) => Promise<void>) => async () => {
  const host = await startKeptHost(options)
  try {
    await story(host)
  } finally {
    await host.close()
  }
}

/** A copy of a browser's cookie, as a thief or a request in flight has it. */
function copyOf(browser: Browser): Browser {
  const copy = new (browser.constructor as typeof Browser)(browser.url)
  copy.setCookie(`${COOKIE}=${browser.cookie(COOKIE)}; Path=/`)
  return copy
}

const text =
  (work: (req: express.Request, res: express.Response) => unknown): RequestHandler =>
  (req, res) =>
    void work(req, res)

describe('A host that signs in its own way', () => {
  it(
    'by req.login and by req.logIn, with a callback and without',
    on(
      {
        routes: (app) => {
          app.post(
            '/a',
            text((req, res) => req.login(ada, () => res.json({ done: true }))),
          )
          app.post(
            '/b',
            text((req, res) => req.logIn(grace, {} as never, () => res.json({ done: true }))),
          )
          app.post('/c', (req, res, next) => {
            const promised = (req.login as unknown as (user: unknown) => Promise<void>)(ada)
            promised.then(() => res.json({ done: true }), next)
          })
        },
      },
      async (host) => {
        for (const [path, who] of [
          ['/a', ada],
          ['/b', grace],
          ['/c', ada],
        ] as const) {
          const browser = host.browser()
          await browser.post(path, {})
          assert.equal(await seenAs(browser), who.email, path)
          assert.equal(await isIn(browser), true, path)
        }
        assert.equal(await host.security!.sessions.revokeAll('1'), 2)
      },
    ),
  )

  it(
    'for one request only, with { session: false }: no device, and no session',
    on(
      {
        routes: (app) => {
          app.get(
            '/stateless',
            text((req, res) => {
              ;(req.logIn as unknown as (user: unknown, options: object) => void)(ada, { session: false })
              res.json({ user: (req.user as typeof ada).email, ours: req.security.user })
            }),
          )
        },
      },
      async (host) => {
        const browser = host.browser()
        assert.deepEqual((await browser.json('/stateless')).json, { user: ada.email, ours: null })
        assert.equal(await seenAs(browser), null)
        assert.equal(await host.security!.sessions.revokeAll('1'), 0)
      },
    ),
  )

  for (const passport of [5, 7] as const)
    it(
      `by Passport 0.${passport}: a visitor's id never becomes a user's (session fixation)`,
      on({ passport, routes: passport === 5 ? oldRoutes : undefined }, async (host) => {
        const browser = host.browser()
        await browser.json('/cart', { bread: 1 })
        const fixed = copyOf(browser)
        await logIn(browser, ada)
        assert.equal(await seenAs(browser), ada.email)
        assert.equal(await seenAs(fixed), null)
        assert.notEqual(fixed.cookie(COOKIE), browser.cookie(COOKIE))
        const cart = (await browser.json('/cart')).json
        // 0.5 keeps what a visitor had, and its hosts rely on that; 0.6 and later drop it
        assert.deepEqual(cart, passport === 5 ? { bread: 1 } : null)
      }),
    )

  it(
    'and never inherits what another user had in the session',
    on({ passport: 5, routes: oldRoutes }, async (host) => {
      const browser = host.browser()
      await logIn(browser, ada)
      await browser.json('/cart', { bread: 1 })
      await logIn(browser, grace)
      assert.deepEqual((await browser.json('/cart')).json, null)
    }),
  )

  it(
    'a user whom the app refuses, or does not know, is not signed in at all',
    on(
      {
        security: {
          users: {
            findById: (id) => (id === '1' ? { ...ada, disabled: true } : null),
            findByEmail: () => null,
          },
        },
      },
      async (host) => {
        for (const who of [ada, grace]) {
          const browser = host.browser()
          const answer = await logIn(browser, who)
          assert.ok(answer.status >= 400, String(answer.status))
          assert.equal(await seenAs(browser), null)
        }
      },
    ),
  )
})

/** Routes as they are written for Passport before 0.6: no callback at sign-out. */
function oldRoutes(app: express.Express, { passport }: Pick<KeptHost, 'passport'>): void {
  const authenticate = passport.authenticate('local') as RequestHandler
  app.post(
    '/login',
    express.urlencoded({ extended: false }),
    authenticate,
    text((_req, res) => res.json({ ok: true })),
  )
  app.post(
    '/logout',
    text((req, res) => {
      ;(req.logout as unknown as () => void)()
      res.json({ ok: true, user: req.user ?? null })
    }),
  )
}

describe('A host that signs out its own way', () => {
  const ways: [string, KeptHostOptions][] = [
    ['by req.logout without a callback (Passport 0.5)', { passport: 5, routes: oldRoutes }],
    ['by req.logout with one', {}],
    [
      'by req.session.destroy alone',
      { routes: destroying((req, res) => req.session.destroy(() => res.json({ ok: true }))) },
    ],
    [
      'by req.session.destroy without waiting',
      {
        routes: destroying((req, res) => {
          ;(req.session as unknown as { destroy(): void }).destroy()
          res.json({ ok: true })
        }),
      },
    ],
    [
      'by regenerating the session',
      { routes: destroying((req, res) => req.session.regenerate(() => res.json({ ok: true }))) },
    ],
  ]
  for (const [way, options] of ways)
    it(
      `${way}: when the answer has come, no copy of the cookie opens anything`,
      on(options, async (host) => {
        for (let round = 0; round < 5; round += 1) {
          const browser = host.browser()
          await logIn(browser, ada)
          const copy = copyOf(browser)
          await browser.post('/logout', {})
          assert.equal(await isIn(copy), false)
          assert.equal(await seenAs(copy), null)
          assert.equal(await isIn(browser), false)
        }
        assert.equal(await host.security!.sessions.revokeAll('1'), 0, 'nothing is left alive')
      }),
    )

  it(
    'not at all: the session ends by its own limit',
    on({ security: { sessions: { absolute: '1h' } } }, async (host) => {
      const browser = host.browser()
      await logIn(browser, ada)
      host.clock.advance(3_600_001)
      assert.equal((await browser.json('/guarded')).json.code, 'session_expired')
      assert.equal(await seenAs(browser), null)
    }),
  )
})

function destroying(signOut: (req: express.Request, res: express.Response) => unknown): KeptHostOptions['routes'] {
  return (app, { passport }) => {
    app.post(
      '/login',
      express.urlencoded({ extended: false }),
      passport.authenticate('local') as RequestHandler,
      text((_req, res) => res.json({ ok: true })),
    )
    app.post('/logout', text(signOut))
  }
}

describe("A host's users", () => {
  const kinds: [string, Record<string, unknown>, ((user: never) => string) | undefined][] = [
    ['integers', { id: 7 }, undefined],
    ['UUIDs', { id: '7e6f0c0e-6f0a-4b0e-9d5c-0d6f0a4b0e9d' }, undefined],
    ['names', { id: "Ada O'Neil <root>" }, undefined],
    ['called uid', { uid: 'x-9' }, (user: { uid: string }) => user.uid],
  ]
  for (const [name, key, id] of kinds) {
    const user = { ...key, email: 'u@acme.test', name: 'U' } as unknown as { id: string; email: string; name: string }
    const text_ = String(Object.values(key)[0])
    it(
      `may have ids that are ${name}`,
      on(
        {
          security: {
            users: {
              findById: (asked) => (asked === text_ ? user : null),
              findByEmail: () => user,
              ...(id && { id: id }),
            },
          },
          // the app's serializer writes its own kind of key; users are compared, not keys
          keys: { serialize: () => ({ key: 'u' }), deserialize: () => user },
          routes: (app) => {
            app.post(
              '/login',
              text((req, res) =>
                req.logIn(user as never, (error) => res.json({ error: error ? String(error) : null })),
              ),
            )
          },
        },
        async (host) => {
          const browser = host.browser()
          assert.deepEqual((await browser.post('/login', {})).json, { error: null })
          assert.equal(((await browser.json('/guarded')).json as { id: string }).id, text_)
          assert.equal(await host.security!.sessions.revokeAll(text_), 1)
          assert.equal(await isIn(browser), false)
        },
      ),
    )
  }
})

describe("A host's session settings", () => {
  const writing: KeptHostOptions['before'] = (app) => {
    app.use((req, _res, next) => {
      Object.assign(req.session, { seen: Date.now() + Math.random() })
      next()
    })
  }
  for (const [name, settings] of [
    ['resave and saveUninitialized', { resave: true, saveUninitialized: true }],
    ['rolling', { resave: true, saveUninitialized: true, rolling: true, cookie: { maxAge: 600_000 } }],
  ] as const) {
    it(
      `${name}, and a middleware that writes on every request: visitors are no devices`,
      on({ session: settings, before: writing }, async (host) => {
        const browser = host.browser()
        await browser.visit('/')
        await browser.visit('/')
        assert.ok(browser.cookie(COOKIE))
        await logIn(browser, ada)
        assert.equal((await browser.sessions()).length, 1)
        await logIn(host.browser(), grace)
        assert.equal((await browser.sessions()).length, 1)
      }),
    )

    it(
      `${name}: a request in flight while its session is revoked brings nothing back`,
      on(
        {
          session: settings,
          before: writing,
        },
        async (host) => {
          const browser = host.browser()
          await logIn(browser, ada)
          const copy = copyOf(browser)
          await host.security!.sessions.revokeAll('1')
          const answers = await Promise.all([copy.json('/guarded'), copy.json('/me'), browser.json('/guarded')])
          assert.deepEqual(
            answers.map((each) => each.status),
            [401, 200, 401],
          )
          assert.equal(await seenAs(copy), null)
          assert.equal(await seenAs(browser), null)
          await logIn(browser, ada)
          assert.equal(await seenAs(browser), ada.email)
        },
      ),
    )
  }

  it(
    'a cookie with SameSite=Strict',
    on({ session: { cookie: { sameSite: 'strict' } } }, async (host) => {
      const browser = host.browser()
      const answer = await logIn(browser, ada)
      assert.match(String(answer.response.headers['set-cookie']), /SameSite=Strict/)
      assert.equal(await isIn(browser), true)
      // a link in a mail comes without the cookie: it is asked to sign in, and nothing is lost
      const fromMail = await host.browser().visit(`${BASE}/sessions`, { 'Sec-Fetch-Site': 'cross-site' })
      assert.equal(fromMail.status, 303)
      assert.equal(await isIn(browser), true)
    }),
  )

  it('cookie-session is refused with what to use', async () => {
    const host = await startKeptHost({ passport: null })
    const app = express()
    app.use(cookieSession({ keys: ['of the app'] }))
    app.use(host.security!.router)
    app.use(((error, _req, res, _next) => void res.status(500).send(String(error))) as express.ErrorRequestHandler)
    const server = await listening(app)
    try {
      const { port } = server.address() as { port: number }
      const answer = await fetch(`http://127.0.0.1:${port}/`)
      assert.match(await answer.text(), /cookie-session.*use express-session with a store/)
    } finally {
      server.close()
      await host.close()
    }
  })

  it('a session that exists only under /api, where basePath lives too', async () => {
    const host = await startKeptHost({
      passport: null,
      security: { basePath: '/api/security', signInPath: '/api/login' },
      routes: () => {},
    })
    const app = express()
    const api = express.Router()
    api.use(session({ secret: 'of the app', resave: false, saveUninitialized: false, cookie: { path: '/api' } }))
    api.use(host.security!.router) // mounted under a part of the path
    api.post('/login', (req, res, next) => {
      host.security!.signIn(req, ada, { amr: ['pwd'] }).then(() => res.json({ ok: true }), next)
    })
    api.get(
      '/guarded',
      host.security!.requireSession(),
      text((req, res) => res.json(req.security.user)),
    )
    app.use('/api', api)
    app.get(
      '/',
      text((req, res) => res.json({ session: req.session === undefined })),
    )
    app.use(host.security!.errorHandler)
    const server = await listening(app)
    try {
      const { port } = server.address() as { port: number }
      const url = `http://127.0.0.1:${port}`
      assert.deepEqual(await (await fetch(url)).json(), { session: true })
      const signedIn = await fetch(`${url}/api/login`, { method: 'POST' })
      const cookie = signedIn.headers
        .getSetCookie()
        .map((each) => each.split(';')[0])
        .join('; ')
      const headers = { cookie, accept: 'application/json' }
      assert.equal((await fetch(`${url}/api/guarded`, { headers })).status, 200)
      const list = await fetch(`${url}/api/security/sessions`, { headers })
      assert.equal(((await list.json()) as { sessions: unknown[] }).sessions.length, 1)
      assert.equal((await fetch(`${url}/security/sessions`, { headers })).status, 404)
    } finally {
      server.close()
      await host.close()
    }
  })
})

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

describe('A host without Passport', () => {
  const routes: KeptHostOptions['routes'] = (app, { security }) => {
    app.post(
      '/login',
      handle(async (req, res) => {
        await security!.signIn(req, ada, { amr: ['pwd'] })
        ;(req.session as unknown as { userId: number }).userId = ada.id
        res.json({ ok: true })
      }),
    )
    app.get(
      '/mine',
      text((req, res) => res.json({ userId: (req.session as unknown as { userId?: number }).userId ?? null })),
    )
  }

  for (const named of [true, false])
    it(
      `calls security.signIn, ${named ? 'and says where its session keeps the user' : 'and nothing else'}`,
      on(
        {
          passport: null,
          routes,
          security: named ? { sessionUser: (req) => (req.session as unknown as { userId?: number }).userId } : {},
        },
        async (host) => {
          const browser = host.browser()
          await browser.post('/login', {})
          assert.deepEqual((await browser.json('/mine')).json, { userId: 1 })
          assert.equal(await isIn(browser), true)
          await host.security!.sessions.revokeAll('1')
          assert.deepEqual((await browser.json('/mine')).json, { userId: null }, "the app's own mark is gone too")
          assert.equal(await isIn(browser), false)
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

async function listening(app: express.Express): Promise<Server> {
  const server = createServer(app)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return server
}
