import type { Request, Response } from 'express'
import type { Cluster, Redis } from 'ioredis'
import type { Clock } from './core/clock.js'
import type { Duration } from './core/durations.js'
import type { Mail, NoticeKind } from './core/mail.js'
import type { HostUser, HostUsers } from './core/users.js'
import type { PasswordPreset } from './features/passwords/rules.js'
import type { OwnMessages } from '../views/messages/keys.js'
import type { NavigationEntry, RenderPage } from '../views/models.js'

export interface SessionOptions {
  /** How long a session lives at most. @default '7d' */
  absolute?: Duration
  /** Ends a session after so long without a request; `'5m'` or more. @default none: only the absolute limit */
  idle?: Duration
  /** How long a session lives at most for who chose "keep me signed in". @default '30d' */
  rememberedAbsolute?: Duration
  /** Ends a kept session after so long without a request. @default '14d' */
  rememberedIdle?: Duration
  /** At most so many sessions per user; the one longest unused makes room. @default 50 */
  perUser?: number
  /**
   * When a revocation is confirmed: `fast` when every tombstone was confirmed by a settled Redis (in a split brain
   * another process may accept the session for one more second), `strict` always after that second.
   * @default 'fast'
   */
  acknowledge?: 'fast' | 'strict'
}

export interface PasswordOptions {
  /** The rules for new passwords. @default 'classic12' */
  rules?: PasswordPreset
  /** Words that no password may contain, beside the product's name: your company, your mascot. @default [] */
  contextWords?: readonly string[]
  /** Path of your own page for changing a password, where your table keeps the passwords. @default none */
  changePath?: string
  /**
   * Reminds of a new password, on the Security page, when the old one is older than this: `'90d'`. It asks, and blocks
   * nothing. @default none: long passwords need no rotation
   */
  rotationReminder?: Duration
  /** The lane in which passwords are hashed, so that the rest of the app does not feel a crowd. */
  hashing?: HashingOptions
}

export interface HashingOptions {
  /** So many hashes at once; each takes 19 MiB and one of libuv's four threads. @default 1, or 2 with three cores or more */
  concurrent?: number
  /** So many sign-ins may wait for their turn; more are answered 503 at once. @default 50 */
  waiting?: number
}

export interface ThrottleOptions {
  /** So many failures of an account cost nothing; also of a known device, and of a session that confirms its password. @default 5 */
  perAccount?: number
  /** So many failures of a network (an IPv4 address, or the /64 of an IPv6 one) cost nothing. @default 50 */
  perNetwork?: number
  /** Failures are forgotten when there was none, and no wait, for so long. @default '15m' */
  window?: Duration
}

export interface KeyOptions {
  /** Your name for it: up to 32 of a-z, 0-9 and `-`, such as `2026-01`. What it has sealed carries this id. */
  id: string
  /** 32 random bytes, base64 or base64url: `openssl rand -base64 32`. */
  key: string
}

/** How the pages look and what they say. Colours and fonts are CSS variables: docs/views.md. */
export interface PageOptions {
  /** Path of your logo, 32 pixels high beside the navigation: `/logo.svg`. @default none: your product's name */
  logo?: string
  /** Paths of style sheets of yours, loaded after ours. @default [] */
  stylesheets?: readonly string[]
  /** Entries of your own above ours, such as Profile and Notifications; or a function of the request. @default [] */
  navigation?: readonly NavigationEntry[] | ((req: Request) => readonly NavigationEntry[])
  /** The language of a request, `'en'` or `'de'` or one of `messages`. @default what `Accept-Language` asks for */
  language?: (req: Request) => string | undefined
  /** Texts of your own by language, for some keys or all: `{ en: { 'security.title': 'Your account' } }`. @default {} */
  messages?: OwnMessages
  /** Folder with templates of your own, each in place of ours of the same name: `elements/button.eta`. @default none */
  templates?: string
  /**
   * Answers with a page of your own engine: `(res, name, model) => res.render(name, model)`. Whatever it returns the page
   * is yours, unless that is (or resolves with) `false`; one that throws is reported, and ours is shown. @default none
   */
  render?: RenderPage<Response>
}

export interface TwoFactorOptions<U extends HostUser = HostUser> {
  /**
   * Who must have a second factor: everybody, or whom a function says. They set it up right after signing in, and may not
   * turn it off. Identity providers see to their own users. @default false
   */
  enforced?: boolean | ((user: U) => boolean | Promise<boolean>)
  /** Offers to trust a browser for so long, which is then not asked for the second factor: `'30d'`. @default false */
  trustBrowser?: Duration | false
}

export interface SecureAccountOptions {
  /** A step of your own, at a path of yours: `{ label: 'Review recent payments', href: '/payments' }`. @default none */
  review?: { label: string; href: string }
}

export interface SecurityOptions<U extends HostUser = HostUser> {
  /** Scheme, host and port that browsers use, e.g. `https://app.example.com`; no path. */
  origin: string
  /** At least 32 characters of randomness. `[new, old]` rotates: the first signs, all verify. */
  secret: string | readonly [string, ...string[]]
  /**
   * Keys for the secrets that are kept in the database, such as those of authenticator apps: the first seals, all open.
   * See docs/keys.md. @default one derived from each `secret`
   */
  keys?: readonly KeyOptions[]
  /** Where the record is kept: `sqlite:./data/security.db`, or `postgres://user:password@host/name`. */
  database: string
  /** At most so many connections to PostgreSQL per process. @default 10 */
  databaseConnections?: number
  /** What the names of Sallyport's tables begin with. @default 'security_' */
  tablePrefix?: string
  /** Whether a start brings the tables up to date; `false` refuses to start while `npx sallyport migrate` has not. @default true */
  autoMigrate?: boolean
  /**
   * Address of a Redis (`redis://...`; several, with commas, of a Cluster), or a client of ioredis: `new Redis(...)`,
   * with `sentinels` or without, or `new Cluster(...)`. @default none: SQL alone serves
   */
  redis?: string | Redis | Cluster | undefined
  /** How to find the users of your own table. */
  users: HostUsers<U>
  /** Address of the mail server, `smtp://...`; or a function of yours that sends a mail. @default none: nobody is told */
  mail?: string | ((mail: Mail) => Promise<void> | void) | undefined
  /** The address that mails come from. @default 'security@' and the host name of `origin` */
  mailFrom?: string
  /** Which mails are not sent: `{ new_device: false }`. @default {}: all are */
  notices?: Partial<Record<NoticeKind, boolean>>
  /**
   * `'own'`: our cookie and our express-session. `'host'`: yours, with any store; mount your express-session and your
   * Passport before `security.router`. @default 'own'
   */
  session?: 'own' | 'host'
  /**
   * With `session: 'host'`: your own sign-in page (way 1); guards lead there with `?returnTo=`. Without it our sign-in
   * page signs in to your session (way 2). @default none
   */
  signInPath?: string
  /**
   * With `session: 'host'`: until this moment (`'2026-12-24'`, at most 30 days ahead) sessions that your app has signed
   * in before Sallyport was there are taken over, each once. @default none: they sign in again
   */
  adoptUntil?: string
  /**
   * With `session: 'host'` and no Passport: the id of the user whom your session calls signed in,
   * `(req) => req.session.userId`. @default what Passport keeps in the session
   */
  sessionUser?: (req: Request) => string | number | null | undefined
  /** Hidden fields that your own CSRF guard wants in our forms: `(req) => ({ _csrf: req.csrfToken() })`. @default none */
  formFields?: (req: Request) => Record<string, string>
  /** Path of the security pages. @default '/security' */
  basePath?: string
  /** Path a browser is led to after signing in when it asked for nothing else. @default '/' */
  afterSignIn?: string
  /** What the pages call your product. @default the host name of `origin` */
  productName?: string
  /** How the pages look and what they say. */
  pages?: PageOptions
  /** Lifetimes and number of sessions. */
  sessions?: SessionOptions
  passwords?: PasswordOptions
  twoFactor?: TwoFactorOptions<U>
  /** Where somebody turns to who has lost every factor: an e-mail address, or an address `https://...`. @default none */
  support?: string
  /**
   * Where somebody reports a vulnerability to: `mailto:security@example.com` or `https://...`. It stands in
   * `/.well-known/security.txt` and at the foot of our pages. @default none: neither is there
   */
  securityContact?: string
  /** What "Secure my account" asks for beside our own steps. */
  secureAccount?: SecureAccountOptions
  /** How sign-ins that fail are held back. */
  throttle?: ThrottleOptions
  /** So many requests to our pages per user and minute; a network's visitors together get five times as many. @default 120 */
  requestsPerMinute?: number
  /** Path of a MaxMind city database (`.mmdb`) that tells the place of an address. @default none: "Unknown location" */
  locations?: string | undefined
  /** How many proxies of yours stand before the app, where `trust proxy` is `true` and says nothing. @default 0 */
  proxyHops?: number
  /** Told of errors that no request waits for. @default console.error */
  onError?: (error: unknown) => void
  /** Where time comes from; for tests. @default the system's clock */
  clock?: Clock
}
