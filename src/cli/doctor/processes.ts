import type { Subject } from './examination.js'
import { ok, warning, type Finding } from './finding.js'

/** Twice as long as processes may be silent, and a beat. */
const TOLD_MS = 180_000

/** What processes have told in the database: when, in milliseconds since the epoch. */
export interface OpenedProcesses extends Pick<Subject, 'config' | 'options'> {
  told: ReadonlyMap<string, number>
}

/** Only a running app knows its `trust proxy`; each process writes down at its first page what it saw. */
export function proxiesAreCounted({ told, options }: OpenedProcesses): Finding | null {
  const [blind, fine] = [told.get('trust_proxy_true') ?? 0, told.get('trust_proxy_fine') ?? 0]
  if (blind === 0 && fine === 0) return null
  if (fine >= blind)
    return ok('processes_trust_proxy', `'trust proxy' was not true when a process last started (${day(fine)})`)
  if (options.proxyHops !== undefined)
    return ok('processes_trust_proxy', `'trust proxy' is true, and proxyHops: ${options.proxyHops} decides`)
  return warning(
    'processes_trust_proxy',
    `'trust proxy' is true (${day(blind)}): anybody could write any address into X-Forwarded-For, so it is not ` +
      'believed, and all users seem to come from your proxy',
    "write app.set('trust proxy', 1), the number of proxies before the app; or proxyHops: 1 in the options",
  )
}

/** A process without Redis cannot bury what others have copied, so it acknowledges slowly (docs/session-core.md). */
export function processesAgreeOnRedis({ told, config }: OpenedProcesses): Finding | null {
  const last = told.get('redis') ?? 0
  const used = config.clock.now() - last < TOLD_MS
  if (used && !config.redis)
    return warning(
      'processes_redis',
      'other processes on this database use Redis, and this configuration does not: its revocations take 1.1 s longer',
      'give all processes the same options: redis: process.env.REDIS_URL',
    )
  if (used || !config.redis) return used ? ok('processes_redis', 'processes with Redis are running') : null
  return ok('processes_redis', 'no process with Redis has run in the last three minutes')
}

const day = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
