import express, { type Express, type RequestHandler } from 'express'
import { createSecurity } from 'sallyport'
import { handle } from '../../middleware/handle.js'
import { ada, PASSWORDS, SECRET } from '../support/host.js'
import { members } from './holdings.js'
import type { Told } from '../support/process.js'

/** A host that gets junk, in a process of its own; its settings are its one argument, as JSON. */
export interface JunkHostSettings {
  port: number
  /** `plain` is as the README says; `messy` reads bodies itself, in every way there is, and believes every proxy. */
  kind: 'plain' | 'messy'
  database: string
  redis?: string | undefined
}

const tell = (told: Told): void => void process.send?.(told)
process.on('disconnect', () => process.exit())
process.on('uncaughtException', (error) => tell({ error: `uncaught: ${error.stack}` }))
process.on('unhandledRejection', (error) =>
  tell({ error: `unhandled: ${error instanceof Error ? error.stack : String(error)}` }),
)

const { port, kind, database, redis } = JSON.parse(process.argv[2]!) as JunkHostSettings
const people = [ada, ...members]

/** As method-override does it. */
const overrideMethod: RequestHandler = (req, _res, next) => {
  const wanted = req.get('x-http-method-override')
  if (req.method === 'POST' && wanted) req.method = wanted.toUpperCase()
  next()
}

function makeMessy(app: Express): void {
  app.set('trust proxy', true)
  app.set('query parser', 'extended')
  app.use(overrideMethod)
  app.use(express.json({ strict: false, limit: '1mb' }))
  app.use(express.urlencoded({ extended: true, limit: '1mb', parameterLimit: 10_000 }))
  app.use(express.text({ type: 'text/*' }), express.raw({ type: 'application/octet-stream' }))
}

const security = await createSecurity({
  origin: `http://localhost:${port}`,
  secret: SECRET,
  database,
  redis,
  mail: () => {},
  proxyHops: kind === 'messy' ? 1 : 0,
  requestsPerMinute: 1_000_000, // junk is to get to the pages, not to be told that there is too much of it
  users: {
    findById: (id) => people.find((one) => one.id === id),
    findByEmail: (email) => {
      // as PostgreSQL answers it
      if (email.includes('\0')) throw new Error('invalid byte sequence for encoding "UTF8": 0x00')
      return people.find((one) => one.email === email)
    },
  },
  onError: (error) => tell({ error: error instanceof Error ? String(error.stack) : String(error) }),
})
for (const { id } of people) await security.passwords.set(id, PASSWORDS[ada.id]!)

const app = express()
app.set('env', 'production') // an error of the host's own is answered without its stack
if (kind === 'messy') makeMessy(app)
app.use(security.router)
app.get('/', (_req, res) => void res.send('welcome'))
app.get('/invoices', security.requireSession(), (_req, res) => void res.json([]))
app.get('/payouts', security.requireStepUp({ maxAge: '10m' }), (_req, res) => void res.json({}))
app.post('/cart', express.json(), (req, res) => {
  ;(req.session as unknown as { cart: unknown }).cart = req.body
  res.json({ ok: true })
})
app.all('/echo', (req, res) => void res.json({ user: req.security.user, session: req.security.session }))
app.post(
  '/enter',
  handle(async (req, res) => {
    await security.signIn(
      req,
      people.find((one) => one.id === req.query.as)!,
      { amr: ['pwd'] },
    )
    res.json({ ok: true })
  }),
)
app.use(security.errorHandler)
app.listen(port, '127.0.0.1', () => tell({ ready: true }))
