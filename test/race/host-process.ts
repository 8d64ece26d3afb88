import { setTimeout as wait } from 'node:timers/promises'
import { RedisStore } from 'connect-redis'
import express, { type Express, type RequestHandler } from 'express'
import session from 'express-session'
import { Redis } from 'ioredis'
import { createSecurity } from 'sallyport'
import { handle } from '../../middleware/handle.js'
import { TestClock } from '../support/clock.js'
import { SECRET } from '../support/host.js'
import { redisOption, type RedisPlace } from '../support/redis-place.js'
import { obey, readHold, tell } from './barriers.js'
import { holdInside } from './holds.js'
import { plainHost } from './plain-host.js'
import { raceRoutes } from './race-routes.js'
import { vitals } from './vitals.js'

/** A host in a process of its own; its settings are its one argument, as JSON. */
export interface HostSettings {
  /** `kept`: Sallyport on the host's own express-session. */
  kind: 'sallyport' | 'kept' | 'express-session'
  port: number
  /** Where Sallyport keeps its record; the usual wiring has none. */
  database: string
  redis?: RedisPlace | undefined
}

export const personOf = (id: string) => ({ id, email: `${id}@race.test`, name: 'Vera Quill' })

const settings = JSON.parse(process.argv[2]!) as HostSettings
const clock = new TestClock()

/** The session of the host, in a Redis that both processes share. */
function keptSession(url: string): RequestHandler {
  const store = new RedisStore({ client: new Redis(url) })
  return session({ store, secret: SECRET, resave: false, saveUninitialized: false })
}

async function sallyportHost(app: Express, { kind, port, database, redis }: HostSettings): Promise<void> {
  holdInside()
  const known = (id: string) => (/^lane\d+$/.test(id) ? personOf(id) : null)
  if (kind === 'kept') app.use(keptSession(redis as string))
  const security = await createSecurity({
    session: kind === 'kept' ? 'host' : 'own',
    origin: `http://localhost:${port}`,
    secret: SECRET,
    database,
    requestsPerMinute: 1_000_000, // hundreds of rounds a minute are not what is tried here
    redis: redis && redisOption(redis),
    clock,
    users: { findById: known, findByEmail: (email) => known(email.replace(/@race\.test$/, '')) },
    onError: (error) => tell({ error: String(error) }),
  })
  if (redis) {
    clock.settle() // the node is no news any more, so acknowledgements are fast; the next beat renews the tail
    await wait(700)
  }
  app.use(security.router)
  raceRoutes(app, {
    signIn: (req, userId) => security.signIn(req, personOf(userId), { amr: ['fed'] }),
    userOf: (req) => req.security.user?.id ?? null,
    guard: security.requireSession(),
  })
  app.post(
    '/race/password',
    handle(async (req, res) => {
      const { user, password } = req.body as { user: string; password: string }
      await security.passwords.set(user, password)
      res.json({ ok: true })
    }),
  )
  app.get('/live', security.requireSession(), (req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    res.write('data: hello\n\n')
    req.security.signal.addEventListener('abort', () => res.end())
  })
  app.use(security.errorHandler)
}

const app = express()
app.get('/race/vitals', vitals())
obey((ms) => clock.advance(ms))
app.use(readHold())
await (settings.kind === 'express-session' ? plainHost(app, settings.redis as string) : sallyportHost(app, settings))
app.listen(settings.port, '127.0.0.1', () => tell({ ready: true }))
