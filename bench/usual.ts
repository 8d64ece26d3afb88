import { RedisStore } from 'connect-redis'
import type { Express, RequestHandler } from 'express'
import session from 'express-session'
import { Redis } from 'ioredis'
import { Passport } from 'passport'
import { handle } from '../middleware/handle.js'
import { ada, invoices, people, type Person } from './invoices.js'
import type { Wiring } from './wiring.js'

const WEEK_MS = 7 * 86_400_000

/** Nothing but what every variant stands on; helmet is mounted for all of them. */
export const floor: Wiring = (app) => {
  app.get(
    '/invoices',
    invoices(() => ada),
  )
}

/** What most apps have: session data in Redis, and in it the id of the user that Passport looks up. */
export const usual: Wiring = (app, { redis }) => {
  mountSessions(app, new Redis(redis))
  routes(app)
}

/**
 * What tutorials add when sessions must be revocable: a revocation list that every request asks, and a time of last
 * use that every request writes. That write is not waited for, which is kinder than most tutorials are.
 */
export const tutorial: Wiring = (app, { redis }) => {
  const client = new Redis(redis)
  mountSessions(app, client)
  app.use(
    handle(async (req, res, next) => {
      if (!req.isAuthenticated()) return next()
      const revoked = await client.exists(`revoked:${req.sessionID}`)
      if (revoked) return void res.status(401).json({ error: 'signed out' })
      client.set(`last-seen:${(req.user as Person).id}`, Date.now(), 'EX', WEEK_MS / 1000).catch(console.error)
      next()
    }),
  )
  routes(app)
}

function mountSessions(app: Express, client: Redis): void {
  const passport = new Passport()
  passport.serializeUser((user, done) => done(null, (user as Person).id))
  passport.deserializeUser((id: string, done) => done(null, people.get(id) ?? false))
  app.use(
    session({
      store: new RedisStore({ client }),
      secret: 'a secret for benchmarks only, long enough to be one',
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax', maxAge: WEEK_MS },
    }),
  )
  app.use(passport.session() as RequestHandler)
}

const requireUser: RequestHandler = (req, res, next) => {
  if (req.isAuthenticated()) return next()
  res.status(401).json({ error: 'sign in' })
}

function routes(app: Express): void {
  app.post('/sign-in', (req, res, next) => {
    req.logIn(ada, (error: unknown) => (error ? next(error) : res.sendStatus(204)))
  })
  app.get(
    '/invoices',
    requireUser,
    invoices((req) => req.user as Person),
  )
}
