import { lookup } from 'node:dns/promises'
import { stat } from 'node:fs/promises'
import express from 'express'
import { createSecurity, type SecurityOptions } from 'sallyport'
import { handle } from '../../middleware/handle.js'
import { StillClock, TestClock } from '../support/clock.js'
import { SECRET } from '../support/host.js'
import { obey, tell } from '../race/barriers.js'
import { personOf } from './people.js'

/** A host in a process of its own; its settings are its one argument, as JSON. */
export interface LimitsSettings {
  port: number
  database: string
  redis?: string | undefined
  /** Of all of them, as behind a balancer; else each has its own. */
  origin?: string
  /** Its clock stands still at this time, so that no wait ends by itself however slow the machine is. */
  standsStillAt?: number
  options?: Pick<SecurityOptions, 'throttle' | 'passwords' | 'requestsPerMinute' | 'mail'>
}

const { port, database, redis, origin, standsStillAt, options } = JSON.parse(process.argv[2]!) as LimitsSettings
const clock = standsStillAt ? new StillClock(standsStillAt) : new TestClock()
obey((ms) => clock.advance(ms))
const security = await createSecurity({
  origin: origin ?? `http://localhost:${port}`,
  secret: SECRET,
  database,
  redis,
  clock,
  users: { findById: (id) => personOf(id), findByEmail: (email) => personOf(email.replace(/@.*/, '')) },
  onError: (error) => tell({ error: String(error) }),
  ...options,
})
const app = express()
app.set('trust proxy', 1)
app.use(security.router)
app.get('/invoices', security.requireSession(), (_req, res) => void res.json({}))
app.post('/payouts', security.requireStepUp(), (_req, res) => void res.json({ paid: true }))
app.get(
  '/unrelated',
  handle(async (_req, res) => {
    // both wait for a thread of libuv's pool, where passwords are hashed too
    const [{ address }, { size }] = await Promise.all([lookup('localhost'), stat('package.json')])
    res.send(`${address} ${size}`)
  }),
)
app.use(security.errorHandler)
const server = app.listen(port, '127.0.0.1', () => tell({ ready: true }))
security.attachTo(server)
server.keepAliveTimeout = 60_000 // as behind a proxy, which keeps its connections
