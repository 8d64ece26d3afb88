import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import express, { type Express } from 'express'
import { createSecurity, type HostUser, type Security, type SecurityOptions } from 'sallyport'
import { Browser } from './browser.js'
import { TestClock } from './clock.js'
import { sharedPostgres } from './postgres.js'
import { freePort, tempFolder } from './services.js'

export interface Person extends HostUser {
  id: string
}

export const ada: Person = { id: 'u1', email: 'ada@acme.test', name: 'Ada Lindqvist' }
export const grace: Person = { id: 'u2', email: 'grace@acme.test', name: 'Grace Okafor' }
/** Has no password: her identity provider signs her in. */
export const tove: Person = { id: 'u4', email: 'tove@globex.test', name: 'Tove Halvorsen' }
export const PASSWORDS: Record<string, string> = { u1: 'Correct-Horse-7-Battery', u2: 'Purple-Lantern-42-Sails' }

/** Whether hosts keep their record in PostgreSQL where a test does not say where. */
export const ON_POSTGRES = process.env.TEST_DATABASE === 'postgres'

export const SECRET = 'a secret for tests only, long enough to be one'

export interface Host {
  app: Express
  server: Server
  security: Security
  clock: TestClock
  url: string
  /** Errors that no request waited for. */
  errors: unknown[]
  database: string
  browser(agent?: string): Browser
  close(): Promise<void>
}

export interface HostOptions extends Partial<SecurityOptions<Person>> {
  people?: Person[]
  /** Adds routes of the host, between our router and our error handler. */
  routes?: (app: Express, security: Security) => void
  /** Mounts what stands before our router. */
  before?: (app: Express) => void
}

/** A real host app on a real port: /, /invoices, /payouts, /cart and /live, with Sallyport mounted as the README says. */
export async function startHost({
  people = [ada, grace, tove],
  routes,
  before,
  ...options
}: HostOptions = {}): Promise<Host> {
  const { url: database, drop } = options.database ? { url: options.database } : await newDatabase()
  const clock = (options.clock as TestClock | undefined) ?? new TestClock()
  const port = await freePort()
  const errors: unknown[] = []
  const security = await createSecurity({
    origin: `http://localhost:${port}`,
    secret: SECRET,
    database,
    users: {
      findById: (id) => people.find((person) => person.id === id) ?? null,
      findByEmail: (email) => people.find((person) => person.email === email) ?? null,
    },
    onError: (error) => errors.push(error),
    clock,
    ...options,
  })
  if (options.redis) {
    clock.settle() // the node is no news any more, so acknowledgements are fast; the next beat renews the tail
    await wait(700)
  }
  for (const { id } of people)
    if (PASSWORDS[id] && !(await security.passwords.exists(id))) await security.passwords.set(id, PASSWORDS[id])

  const app = express()
  before?.(app)
  app.use(security.router)
  app.get('/', (_req, res) => void res.send('welcome'))
  app.get('/invoices', security.requireSession(), (req, res) => void res.json({ user: req.security.user }))
  app.get('/payouts', security.requireStepUp({ maxAge: '10m' }), (_req, res) => void res.json({ paid: true }))
  app.post('/cart', express.json(), (req, res) => {
    ;(req.session as unknown as { cart: unknown }).cart = req.body
    res.json({ ok: true })
  })
  app.get('/cart', (req, res) => void res.json((req.session as unknown as { cart?: unknown }).cart ?? null))
  app.get('/live', security.requireSession(), (req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    res.write('data: hello\n\n')
    req.security.signal.addEventListener('abort', () => res.end())
  })
  routes?.(app, security)
  app.use(security.errorHandler)
  const server = await listen(app, port)
  const url = `http://localhost:${port}`
  return {
    app,
    server,
    security,
    clock,
    url,
    errors,
    database,
    browser: (agent) => new Browser(url, agent),
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      await security.close()
      await drop?.()
    },
  }
}

/** A database of the test's own: SQLite, or PostgreSQL where the suite is run on it (scripts/test-postgres.sh). */
export async function newDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  if (ON_POSTGRES) return (await sharedPostgres()).freshDatabase()
  const folder = await tempFolder()
  return { url: `sqlite:${join(folder.path, 'security.db')}`, drop: folder.remove }
}

async function listen(app: Express, port: number): Promise<Server> {
  const server = createServer(app)
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  return server
}
