import { ok, problem, warning, type Finding } from './finding.js'
import { fields, type OpenedRedis } from './redis-connection.js'

/** What is left of maxmemory before writes are refused. */
const FULL_WARNS = 0.8
const FULL_FAILS = 0.95
/** So many keys are tried until one belongs to this node of a Cluster. */
const KEYS = 500
const OLDEST = [6, 2] as const

/** A replica lags and refuses writes; the app has to speak to the primary. */
export function redisIsPrimary({ info }: OpenedRedis): Finding {
  const role = info.get('role')
  if (role === 'master') return ok('redis_role', 'this is the primary')
  const primary = `${info.get('master_host') ?? 'unknown'}:${info.get('master_port') ?? ''}`
  return problem(
    'redis_role',
    `this is a replica (of ${primary}): it lags, and revocations cannot be written to it`,
    `give the address of the primary (REDIS_URL=redis://${primary}), or let Sentinel find it`,
  )
}

/** Writes one key that lives for a second: memory, disk, rights and replicas permitting. */
export async function redisTakesWrites({ client, info }: OpenedRedis): Promise<Finding | null> {
  if (info.get('role') !== 'master') return null
  for (let i = 0; ; i += 1)
    try {
      await client.set(`sallyport:doctor:${i}`, '1', 'PX', 1000)
      return ok('redis_writable', 'it takes writes')
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      // in a Cluster a key may belong to another node: the next one, then
      if (message.startsWith('MOVED') && i < KEYS) continue
      return problem('redis_writable', `it refuses writes: ${message}`, adviceFor(message))
    }
}

function adviceFor(message: string): string {
  if (message.startsWith('OOM')) return 'raise maxmemory, or take out what else is stored there'
  if (message.startsWith('MISCONF')) return 'make room on its disk, or write: CONFIG SET save ""'
  if (message.startsWith('NOREPLICAS')) return 'bring its replicas back, or lower min-replicas-to-write'
  if (message.startsWith('NOPERM'))
    return "give the user its keys: ACL SETUSER <user> ~sallyport:* '&sallyport:*' +@all"
  if (message.startsWith('CLUSTERDOWN')) return 'bring the missing masters back: redis-cli --cluster check <address>'
  return 'see the log of Redis'
}

/** With any other policy Redis drops session data under memory pressure, silently. createSecurity refuses to start. */
export function redisNeverEvicts({ info }: OpenedRedis): Finding | null {
  const policy = info.get('maxmemory_policy')
  if (policy === undefined) return null
  if (policy === 'noeviction') return ok('redis_eviction', 'maxmemory-policy is noeviction')
  return problem(
    'redis_eviction',
    `maxmemory-policy is ${policy}: under memory pressure sessions' data is dropped, silently`,
    'write "maxmemory-policy noeviction" into redis.conf, and now: redis-cli CONFIG SET maxmemory-policy noeviction',
  )
}

export function redisHasMemoryLeft({ info }: OpenedRedis): Finding {
  const [used, most] = [Number(info.get('used_memory')), Number(info.get('maxmemory') ?? 0)]
  const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`
  if (!most) return ok('redis_memory', `${megabytes(used)} used; no maxmemory`)
  const seen = `${megabytes(used)} of ${megabytes(most)} used (${Math.round((used / most) * 100)} %)`
  const change = 'raise maxmemory; when it is full, writes are refused and every check asks SQL'
  if (used / most >= FULL_FAILS) return problem('redis_memory', seen, change)
  return used / most >= FULL_WARNS ? warning('redis_memory', seen, change) : ok('redis_memory', seen)
}

/** Says what a restart of Redis costs. Safety does not rest on it: the record is in SQL. */
export async function redisPersistence({ client, info }: OpenedRedis): Promise<Finding> {
  const appends = info.get('aof_enabled') === '1'
  const snapshots = await client.config('GET', 'save').then(
    (reply) => (Array.isArray(reply) ? reply[1] !== '' : null),
    () => null, // CONFIG is not for everybody
  )
  if (appends) return ok('redis_persistence', 'it appends to a file: a restart loses next to nothing')
  if (snapshots)
    return ok(
      'redis_persistence',
      'it writes snapshots: a restart loses what was put into req.session since the last one; nobody is signed out',
    )
  const seen = 'a restart empties what visitors have in req.session, such as carts; nobody is signed out'
  if (snapshots === null) return ok('redis_persistence', `it does not append to a file, snapshots unknown: ${seen}`)
  return ok('redis_persistence', `nothing is persisted: ${seen}`, 'to keep it, write "appendonly yes" into redis.conf')
}

/** With replicas there can be a failover, and then two primaries for a moment. */
export function redisReplicasAreWaitedFor({ info }: OpenedRedis): Finding | null {
  const replicas = Number(info.get('connected_slaves') ?? 0)
  if (replicas === 0) return null
  const seen = replicas === 1 ? 'one replica' : `${replicas} replicas`
  // Redis tells this field only where min-replicas-to-write is set
  if (info.has('min_slaves_good_slaves')) return ok('redis_replicas', `${seen}, and min-replicas-to-write is set`)
  return ok(
    'redis_replicas',
    `${seen}; a primary that was cut off from them goes on taking writes`,
    'write "min-replicas-to-write 1" into redis.conf, or see sessions.acknowledge: \'strict\' in docs/session-core.md',
  )
}

/** new Redis() asks one node for all keys, and one of a Cluster answers for its own slots only. */
export async function redisIsAskedRightly({ info, askedAlone, client, shown }: OpenedRedis): Promise<Finding | null> {
  if (info.get('cluster_enabled') !== '1') return null
  const { host, port } = client.options
  if (askedAlone)
    return problem(
      'redis_cluster',
      `${shown} is a node of a Cluster, and new Redis() asks it alone`,
      `give the Cluster: redis: new Cluster([{ host: '${host}', port: ${port} }])`,
    )
  const state = fields(await client.cluster('INFO')).get('cluster_state')
  return state !== 'ok'
    ? problem('redis_cluster', `cluster_state is ${state}`, 'see: redis-cli --cluster check <address>')
    : ok('redis_cluster', 'a Cluster, asked as one')
}

export function redisIsMaintained({ info }: OpenedRedis): Finding {
  const version = info.get('redis_version') ?? 'unknown'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const old = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
  if (!old) return ok('redis_version', `version ${version}`)
  return warning('redis_version', `version ${version} gets no security fixes any more`, 'upgrade to 7.2 or newer')
}
