import type { Cluster, Redis } from 'ioredis'
import type { Clock } from './core/clock.js'
import type { Duration } from './core/durations.js'
import type { HostUser, HostUsers } from './core/users.js'
import type { PasswordPreset } from './features/passwords/rules.js'

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
}

export interface SecurityOptions<U extends HostUser = HostUser> {
  /** Scheme, host and port that browsers use, e.g. `https://app.example.com`; no path. */
  origin: string
  /** At least 32 characters of randomness. `[new, old]` rotates: the first signs, all verify. */
  secret: string | readonly [string, ...string[]]
  /** Where the record is kept: `sqlite:./data/security.db`. */
  database: string
  /**
   * Address of a Redis (`redis://...`; several, with commas, of a Cluster), or a client of ioredis: `new Redis(...)`,
   * with `sentinels` or without, or `new Cluster(...)`. @default none: SQL alone serves
   */
  redis?: string | Redis | Cluster | undefined
  /** How to find the users of your own table. */
  users: HostUsers<U>
  /** Address of the mail server, `smtp://...`; notices will be sent there. @default none */
  mail?: string | undefined
  /** Path of the security pages. @default '/security' */
  basePath?: string
  /** Path a browser is led to after signing in when it asked for nothing else. @default '/' */
  afterSignIn?: string
  /** What the pages call your product. @default the host name of `origin` */
  productName?: string
  /** Lifetimes and number of sessions. */
  sessions?: SessionOptions
  passwords?: PasswordOptions
  /** Path of a MaxMind city database (`.mmdb`) that tells the place of an address. @default none: "Unknown location" */
  locations?: string | undefined
  /** How many proxies of yours stand before the app, where `trust proxy` is `true` and says nothing. @default 0 */
  proxyHops?: number
  /** Told of errors that no request waits for. @default console.error */
  onError?: (error: unknown) => void
  /** Where time comes from; for tests. @default the system's clock */
  clock?: Clock
}
