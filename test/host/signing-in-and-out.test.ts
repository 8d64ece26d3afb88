import assert from 'node:assert/strict'
import express, { type RequestHandler } from 'express'
import { handle } from '../../middleware/handle.js'
import { ACCOUNTS, isIn, logIn, seenAs, type KeptHostOptions } from '../support/kept-host.js'
import { COOKIE, copyOf, oldRoutes, on, text } from './stories.js'

const [ada, grace] = [ACCOUNTS[0]!, ACCOUNTS[1]!]

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

  it(
    'what the app\'s "keep me signed in" writes into the cookie before it signs in is kept (Passport 0.5)',
    on(
      {
        passport: 5,
        routes: (app) => {
          app.post(
            '/login',
            text((req, res) => {
              req.session.cookie.maxAge = 30 * 86_400_000
              req.logIn(ada, () => res.json({}))
            }),
          )
        },
      },
      async (host) => {
        const { response } = await host.browser().post('/login', {})
        const cookie = [response.headers['set-cookie'] ?? []].flat().find((each) => each.startsWith(COOKIE))
        const until = Date.parse(/Expires=([^;]+)/.exec(cookie ?? '')?.[1] ?? '')
        assert.ok(until > Date.now() + 29 * 86_400_000, cookie)
      },
    ),
  )
})

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
