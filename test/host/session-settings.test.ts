import assert from 'node:assert/strict'
import express, { type RequestHandler } from 'express'
import session from 'express-session'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { BASE } from '../support/browser.js'
import { ACCOUNTS, isIn, logIn, seenAs, startKeptHost, type KeptHostOptions } from '../support/kept-host.js'
import { COOKIE, copyOf, on, text } from './stories.js'

const [ada, grace] = [ACCOUNTS[0]!, ACCOUNTS[1]!]
const cookieSession = createRequire(import.meta.url)('cookie-session') as (options: object) => RequestHandler

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

async function listening(app: express.Express): Promise<Server> {
  const server = createServer(app)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return server
}
