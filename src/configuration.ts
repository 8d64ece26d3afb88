import type { Cluster, Redis } from 'ioredis'
import { z } from 'zod'
import { systemClock, type Clock } from './core/clock.js'
import { durationMs, type Duration } from './core/durations.js'
import { Envelopes } from './core/envelope.js'
import { ConfigurationError } from './core/errors.js'
import { throttledReport } from './core/reporter.js'
import { localPath } from './core/return-to.js'
import { UserDirectory, type HostUser } from './core/users.js'
import { hashesAtOnce } from './features/passwords/hashing-lane.js'
import { completeContact, contactOption, secureAccountOption } from './contact-configuration.js'
import { completeFactorOptions, supportOption, twoFactorOptions } from './factor-configuration.js'
import { envelopeKeys, keyOptions } from './key-configuration.js'
import { completeMailOptions, mailFromOption, mailOption, noticesOption } from './mail-configuration.js'
import type { SecurityOptions } from './options.js'
import { completePageOptions, pageOptions } from './page-configuration.js'

/** Options as the rest of the code reads them: complete, durations in milliseconds. */
export type Configuration = ReturnType<typeof toConfiguration>

/** Last activity is written at most once a minute; a shorter limit would end sessions in use. */
const LEAST_IDLE_MS = 300_000

const duration = z.custom<Duration>((value) => durationMs(value) !== null, {
  error: ({ input }) => `is ${show(input)}; write a duration as text, such as '10m', '12h' or '7d'`,
})
const idle = duration.refine((value) => durationMs(value)! >= LEAST_IDLE_MS, {
  error: "is too short; write at least '5m': activity is written down once a minute",
})
const REDIS =
  "is not usable; write an address such as 'redis://127.0.0.1:6379', or give an ioredis client: new Redis(...), new Cluster([...])"
const USERS = 'is missing; write users: { findById, findByEmail }, two functions that read your users table'
const callable = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'must be a function',
})
const path = z
  .string()
  .regex(/^(\/[A-Za-z0-9._~-]+)+$/, { error: ({ input }) => `is ${show(input)}; write a path such as '/security'` })
const localAddress = z
  .string()
  .refine((value) => localPath(value, 'https://localhost') !== null, "must be a path of your own, such as '/'")
const secret = z
  .string({
    error:
      "is missing; write secret: process.env.SALLYPORT_SECRET, at least 32 random characters ('openssl rand -base64 32')",
  })
  .min(32, { error: "is too short; write at least 32 random characters ('openssl rand -base64 32')" })

const schema = z.strictObject({
  origin: z
    .string({ error: "is missing; write the address that browsers use: 'https://app.example.com'" })
    .superRefine(checkOrigin),
  secret: z.union(
    [secret.transform((one) => [one]), z.array(secret).min(1, 'must hold at least one secret of 32 random characters')],
    {
      error: (issue) =>
        Array.isArray(issue.input) ? 'must hold at least one secret of 32 characters' : secretProblem(issue.input),
    },
  ),
  keys: keyOptions,
  database: z.string({ error: "is missing; write database: 'sqlite:./data/security.db', or 'postgres://...'" }),
  databaseConnections: z.number().int().min(2).max(1000).default(10),
  tablePrefix: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,30}$/, {
      error: ({ input }) => `is ${show(input)}; write up to 31 of a-z, 0-9 and _, such as 'security_'`,
    })
    .default('security_'),
  autoMigrate: z.boolean().default(true),
  redis: z
    .union([z.string().regex(/^rediss?:\/\//, REDIS), z.custom<Redis | Cluster>(isRedisClient)], {
      error: REDIS,
    })
    .optional(),
  users: z.strictObject(
    {
      findById: callable,
      findByEmail: callable,
      id: callable.optional(),
      verifyPassword: callable.optional(),
      language: callable.optional(),
      legacyPassword: callable.optional(),
    },
    {
      error: (issue) => (issue.code === 'unrecognized_keys' ? undefined : USERS),
    },
  ),
  mail: mailOption,
  mailFrom: mailFromOption,
  notices: noticesOption,
  session: z
    .enum(['own', 'host'], { error: "must be 'own' (our cookie) or 'host' (your express-session)" })
    .default('own'),
  signInPath: localAddress.optional(),
  adoptUntil: z.string().optional(),
  sessionUser: callable.optional(),
  formFields: callable.optional(),
  basePath: path.default('/security'),
  afterSignIn: localAddress.default('/'),
  productName: z.string().min(1).max(100).optional(),
  pages: pageOptions,
  sessions: z
    .strictObject({
      absolute: duration.default('7d'),
      idle: idle.optional(),
      rememberedAbsolute: duration.default('30d'),
      rememberedIdle: idle.default('14d'),
      perUser: z.number().int().min(1).max(1000).default(50),
      acknowledge: z.enum(['fast', 'strict']).default('fast'),
    })
    .prefault({}),
  passwords: z
    .strictObject({
      rules: z.enum(['classic12', 'alnum12', 'mixed8', 'nist']).default('classic12'),
      contextWords: z.array(z.string()).optional(),
      changePath: localAddress.optional(),
      rotationReminder: duration.optional(),
      hashing: z
        .strictObject({
          concurrent: z.number().int().min(1).max(64).default(hashesAtOnce()),
          waiting: z.number().int().min(0).max(10_000).default(50),
        })
        .prefault({}),
    })
    .prefault({}),
  twoFactor: twoFactorOptions,
  support: supportOption,
  securityContact: contactOption,
  secureAccount: secureAccountOption,
  throttle: z
    .strictObject({
      perAccount: z.number().int().min(1).max(100).default(5),
      perNetwork: z.number().int().min(1).max(1000).default(50),
      window: duration.default('15m'),
    })
    .prefault({}),
  requestsPerMinute: z.number().int().min(1).max(1_000_000).default(120),
  locations: z.string().optional(),
  proxyHops: z.number().int().min(0).max(20).default(0),
  onError: callable.optional(),
  clock: z.custom<Clock>((value) => typeof value === 'object' && value !== null && 'now' in value).optional(),
})

/** Reads the options once; what is wrong with them is said all at once, with what to write instead. */
export function parseOptions<U extends HostUser>(options: SecurityOptions<U>): Configuration {
  const result = schema.safeParse(options)
  if (!result.success) throw new ConfigurationError(result.error.issues.map(explain).join('\n  '))
  if (result.data.session === 'own') refuseHostOptions(result.data)
  return toConfiguration(result.data, options)
}

function toConfiguration<U extends HostUser>(parsed: z.output<typeof schema>, options: SecurityOptions<U>) {
  const { sessions } = parsed
  const origin = new URL(parsed.origin).origin
  const clock = options.clock ?? systemClock
  const productName = parsed.productName ?? new URL(origin).hostname
  const report = throttledReport(options.onError ?? ((error: unknown) => console.error(error)), clock)
  return {
    ...parsed,
    origin,
    secure: origin.startsWith('https:'),
    productName,
    envelopes: new Envelopes(envelopeKeys(parsed.keys, parsed.secret)),
    pages: completePageOptions(parsed.pages, options.pages, report),
    signInPath: parsed.signInPath ?? null,
    hostPasswords: hostPasswords(parsed),
    adoptUntil: adoptionEnd(parsed.adoptUntil, clock.now()),
    sessionUser: options.sessionUser,
    formFields: options.formFields ?? (() => ({})),
    users: new UserDirectory(options.users),
    report,
    clock,
    ...completeFactorOptions(parsed, options.twoFactor),
    ...completeMailOptions(parsed, { origin, mail: options.mail }),
    ...completeContact(parsed),
    rotationMs: durationMs(parsed.passwords.rotationReminder),
    contextWords: [productName, ...(parsed.passwords.contextWords ?? [])],
    throttle: { ...parsed.throttle, windowMs: durationMs(parsed.throttle.window)! },
    limits: {
      absoluteMs: durationMs(sessions.absolute)!,
      idleMs: durationMs(sessions.idle),
      rememberedAbsoluteMs: durationMs(sessions.rememberedAbsolute)!,
      rememberedIdleMs: durationMs(sessions.rememberedIdle),
      perUser: sessions.perUser,
    },
  }
}

/** What only makes sense where the session is the host's. */
function refuseHostOptions(parsed: z.output<typeof schema>): void {
  for (const name of ['signInPath', 'adoptUntil', 'sessionUser'] as const)
    if (parsed[name] !== undefined)
      throw new ConfigurationError(`${name} is for session: 'host'; write that too, or leave it out`)
}

/** Where the host's own table keeps passwords: it signs people in, or verifies, or changes them. */
function hostPasswords(parsed: z.output<typeof schema>): { changePath: string | null } | null {
  const { changePath } = parsed.passwords
  const keeps = changePath !== undefined || parsed.signInPath !== undefined || parsed.users.verifyPassword !== undefined
  return keeps ? { changePath: changePath ?? null } : null
}

/** No longer than the registry remembers an id that has died: else it could be taken over once more. */
const LONGEST_ADOPTION_MS = 30 * 86_400_000

function adoptionEnd(text: string | undefined, now: number): number {
  if (text === undefined) return 0
  const end = Date.parse(text)
  if (Number.isNaN(end)) throw new ConfigurationError(`adoptUntil is ${show(text)}; write a date such as '2026-12-24'`)
  if (end > now + LONGEST_ADOPTION_MS)
    throw new ConfigurationError(
      `adoptUntil is ${show(text)}; write a date at most 30 days ahead: '${new Date(now + LONGEST_ADOPTION_MS).toISOString().slice(0, 10)}'`,
    )
  return end
}

function checkOrigin(value: string, context: z.RefinementCtx): void {
  const say = (message: string) => context.addIssue({ code: 'custom', message })
  const url = URL.canParse(value) ? new URL(value) : null
  if (!url || !/^https?:$/.test(url.protocol)) return say(`is ${show(value)}; write 'https://app.example.com'`)
  if (value.replace(/\/$/, '') !== url.origin) return say(`is ${show(value)}; leave the path out: '${url.origin}'`)
  const isLoopback = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (url.protocol === 'http:' && !isLoopback)
    say(`is ${show(value)}; http is for localhost only: 'https://${url.host}'`)
}

function isRedisClient(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'duplicate' in value && 'options' in value
}

function explain(issue: z.core.$ZodIssue): string {
  const where = issue.path.join('.')
  if (issue.code !== 'unrecognized_keys') return `${where || 'options'} ${issue.message}`
  const at = where ? `${where}.` : ''
  return `unknown option ${issue.keys.map((key) => at + key).join(', ')}; see docs/options.md for those there are`
}

const secretProblem = (input: unknown): string => secret.safeParse(input).error?.issues[0]?.message ?? 'is not a text'
/** What was written, unless it may be a secret: never more than a few words of it. */
const show = (input: unknown): string => (JSON.stringify(input) ?? 'undefined').slice(0, 60)
