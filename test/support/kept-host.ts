import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import express, { type Express, type RequestHandler } from 'express'
import session, { type SessionOptions } from 'express-session'
import { Strategy as LocalStrategy } from 'passport-local'
import { Passport, type Authenticator } from 'passport'
import { createSecurity, type Security, type SecurityOptions } from 'sallyport'
import { Browser } from './browser.js'
import { TestClock } from './clock.js'
import { SECRET } from './host.js'
import { freePort, tempFolder } from './services.js'

/** A row of the app's own users table. */
export interface Account {
  id: number
  email: string
  name: string
  password: string
}

export const ACCOUNTS: readonly Account[] = [
  { id: 1, email: 'ada@acme.test', name: 'Ada Lindqvist', password: 'ada has one of her own' },
  { id: 2, email: 'grace@acme.test', name: 'Grace Okafor', password: 'grace has another one' },
]

export const accountOf = (id: unknown) => ACCOUNTS.find((each) => each.id === Number(id)) ?? null

export interface KeptHost {
  app: Express
  /** Null while Sallyport is not mounted. */
  security: Security | null
  passport: Authenticator
  store: session.Store
  clock: TestClock
  url: string
  port: number
  errors: unknown[]
  browser(agent?: string): Browser
  close(): Promise<void>
}

interface Keys {
  serialize: (account: Account) => unknown
  deserialize: (key: unknown) => unknown
}

export interface KeptHostOptions {
  /** Null: the app as it was before Sallyport. */
  security?: Partial<SecurityOptions> | null
  session?: Partial<SessionOptions>
  /** 5: Passport 0.5, which never regenerates a session and signs out without a callback. */
  passport?: 5 | 7 | null
  /** What the app's Passport keeps of a user in the session. */
  keys?: Keys
  /** Stands between Passport and Sallyport. */
  before?: (app: Express) => void
  routes?: (app: Express, host: Pick<KeptHost, 'passport' | 'security'>) => void
  /** Goes on where another host has stopped. */
  continues?: Pick<KeptHost, 'store' | 'clock' | 'port'> & { database: string }
  database?: string
  clock?: TestClock
}

const require = createRequire(import.meta.url)

function passportOf(version: 5 | 7, { serialize, deserialize }: Keys): Authenticator {
  const { Passport: Made } = version === 5 ? (require('passport5') as { Passport: typeof Passport }) : { Passport }
  const passport = new Made() as unknown as Authenticator
  passport.use(
    new LocalStrategy({ usernameField: 'email' }, (email, password, done) => {
      const account = ACCOUNTS.find((each) => each.email === email)
      done(null, account?.password === password ? account : false)
    }),
  )
  passport.serializeUser((user, done) => done(null, serialize(user as Account)))
  passport.deserializeUser((id, done) => done(null, deserialize(id) as Express.User | null))
  return passport
}

/**
 * An app that signs people in by itself, with express-session and Passport, and has Sallyport mounted after them:
 * /login, /logout, /me and /cart are its own, /guarded asks Sallyport.
 */
export async function startKeptHost(options: KeptHostOptions = {}): Promise<KeptHost> {
  const folder = await tempFolder()
  const clock = options.continues?.clock ?? options.clock ?? new TestClock()
  const port = options.continues?.port ?? (await freePort())
  const store = options.continues?.store ?? options.session?.store ?? new session.MemoryStore()
  const errors: unknown[] = []
  const passport = passportOf(
    options.passport ?? 7,
    options.keys ?? { serialize: ({ id }) => id, deserialize: accountOf },
  )
  const app = express()
  app.set('env', 'test') // else Express prints the errors that nobody handles
  app.use(session({ secret: 'of the app itself', resave: false, saveUninitialized: false, ...options.session, store }))
  if (options.passport !== null) app.use(passport.initialize() as RequestHandler, passport.session() as RequestHandler)
  options.before?.(app)
  const security =
    options.security === null
      ? null
      : await createSecurity({
          session: 'host',
          signInPath: '/login',
          origin: `http://localhost:${port}`,
          secret: SECRET,
          database: options.continues?.database ?? options.database ?? `sqlite:${join(folder.path, 'security.db')}`,
          users: { findById: accountOf, findByEmail: (email) => ACCOUNTS.find((each) => each.email === email) ?? null },
          clock,
          onError: (error) => errors.push(error),
          ...options.security,
        })
  if (security) app.use(security.router)
  app.get('/', (_req, res) => void res.send('welcome'))
  app.get('/me', (req, res) => void res.json({ user: (req.user as Account | undefined)?.email ?? null }))
  app.get('/login', (_req, res) => void res.send('the login page of the app'))
  app.post('/cart', express.json(), (req, res) => {
    Object.assign(req.session, { cart: req.body as unknown })
    res.json({ ok: true })
  })
  app.get('/cart', (req, res) => void res.json((req.session as { cart?: unknown }).cart ?? null))
  if (security) app.get('/guarded', security.requireSession(), (req, res) => void res.json(req.security.user))
  options.routes?.(app, { passport, security })
  if (options.passport !== null && !options.routes) {
    app.post(
      '/login',
      express.urlencoded({ extended: false }),
      passport.authenticate('local') as RequestHandler,
      signedIn,
    )
    app.post('/logout', (req, res, next) => {
      req.logout((error) => (error ? next(error) : res.redirect('/')))
    })
  }
  if (security) app.use(security.errorHandler)
  const server = createServer(app)
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  const url = `http://localhost:${port}`
  return {
    app,
    security,
    passport,
    store,
    clock,
    url,
    port,
    errors,
    browser: (agent) => new Browser(url, agent),
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      await security?.close()
      await folder.remove()
    },
  }
}

const signedIn: RequestHandler = (_req, res) => res.redirect('/me')

/** Signs in at the app's own login. */
export async function logIn(browser: Browser, { email, password }: Pick<Account, 'email' | 'password'>) {
  return browser.post('/login', { email, password })
}

/** Who the app itself takes a browser for. */
export const seenAs = async (browser: Browser) => (await browser.json('/me')).json.user

export const isIn = async (browser: Browser) => (await browser.json('/guarded')).status === 200
