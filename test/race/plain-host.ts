import { RedisStore } from 'connect-redis'
import type { Express, Request } from 'express'
import session from 'express-session'
import { Redis } from 'ioredis'
import { handle } from '../../middleware/handle.js'
import { SECRET } from '../support/host.js'
import { raceRoutes } from './race-routes.js'

type Signed = { user?: string }

const userOf = (req: Request): string | null => (req.session as unknown as Signed).user ?? null
const settled = (work: (done: (error?: unknown) => void) => void) =>
  new Promise<void>((done, fail) => work((error) => (error ? fail(error) : done())))

/** express-session and connect-redis as tutorials wire them: who has data with a user in it is signed in. */
export async function plainHost(app: Express, url: string): Promise<void> {
  const redis = new Redis(url)
  const store = new RedisStore({ client: redis })
  app.use(session({ store, secret: SECRET, resave: false, saveUninitialized: false }))
  raceRoutes(app, {
    userOf,
    signIn: async (req, user) => {
      await settled((done) => req.session.regenerate(done))
      ;(req.session as unknown as Signed).user = user
      await settled((done) => req.session.save(done))
      await redis.sadd(`sessions:${user}`, req.sessionID)
    },
    guard: (req, res, next) => {
      if (userOf(req)) next()
      else res.status(401).json({ code: 'sign_in_required' })
    },
  })
  // the same addresses as Sallyport's pages, so that the rounds need not know whom they race
  app.get(
    '/security/sessions',
    handle(async (req, res) => {
      const ids = await redis.smembers(`sessions:${userOf(req)}`)
      res.json({ csrfToken: '-', sessions: ids.map((id) => ({ id, current: id === req.sessionID })) })
    }),
  )
  app.post(
    '/security/sign-out',
    handle(async (req, res) => {
      await settled((done) => req.session.destroy(done))
      res.json({ ok: true })
    }),
  )
  app.post(
    '/security/sessions/revoke-others',
    handle(async (req, res) => {
      const ids = await redis.smembers(`sessions:${userOf(req)}`)
      for (const id of ids) if (id !== req.sessionID) await store.destroy(id)
      res.json({ ok: true })
    }),
  )
  app.post(
    '/security/sessions/:id/revoke',
    handle(async (req, res) => {
      await store.destroy(String(req.params.id))
      res.json({ ok: true })
    }),
  )
}
