import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Redis, type Cluster } from 'ioredis'
import { sha256 } from '../../src/core/crypto.js'
import { ask, look, signIn, type Session } from '../race/client.js'
import { sessionIdIn } from '../race/rounds.js'
import { startHosts } from '../race/start-hosts.js'
import { stopAll, type HostProcess } from '../support/process.js'
import { rawClient, type RedisPlace } from '../support/redis-place.js'
import { startRedis, tempFolder, type RedisServer } from '../support/services.js'

/** Users of the host program, as good as any other. */
export const [ADA, GRACE] = ['lane0', 'lane1'] as const

/** Host processes on one database and one Redis, and a look into that Redis. */
export interface FleetAt<R extends Redis | Cluster = Redis | Cluster> {
  a: HostProcess
  b: HostProcess
  hosts: readonly HostProcess[]
  database: string
  raw: R
  /** One more process of the same. */
  join: () => Promise<HostProcess>
  close: () => Promise<void>
}

/** The same, with a Redis of its own. */
export interface Fleet extends FleetAt<Redis> {
  server: RedisServer
}

/** Starts two, at a Redis that is there. The test itself looks into it at `seen`. */
export async function startFleetAt(place: RedisPlace, seen = place): Promise<FleetAt> {
  const folder = await tempFolder()
  const raw = rawClient(seen)
  const hosts: HostProcess[] = []
  const close = async () => {
    await stopAll(hosts)
    raw.disconnect()
    await folder.remove()
  }
  const database = `sqlite:${join(folder.path, 'security.db')}`
  const more = async (count: number) =>
    void hosts.push(...(await startHosts(count, { kind: 'sallyport', database, redis: place })))
  try {
    await more(2)
  } catch (error) {
    await close()
    throw error
  }
  const [a, b] = hosts as [HostProcess, HostProcess]
  return { a, b, hosts: [a, b], database, raw, close, join: async () => (await more(1), hosts.at(-1)!) }
}

/** Starts two. `through` is the address at which they find Redis, when it is not the server's own. */
export async function startFleet(through?: (server: RedisServer) => Promise<string>): Promise<Fleet> {
  const server = await startRedis()
  try {
    const fleet = await startFleetAt((await through?.(server)) ?? server.url, server.url)
    const close = async () => {
      await fleet.close()
      await server.close()
    }
    return { ...fleet, raw: fleet.raw as Redis, server, close }
  } catch (error) {
    await server.close()
    throw error
  }
}

export const hotKeyOf = ({ cookie }: { cookie: string }): string => `sallyport:{${sha256(sessionIdIn(cookie))}}:hot`
export const dataKeyOf = ({ cookie }: { cookie: string }): string => `sallyport:{${sha256(sessionIdIn(cookie))}}:data`

/** Signs a device out from another device of the same user. */
export async function revoke(host: HostProcess, by: Session, victim: Session): Promise<number> {
  const { cookie, csrfToken } = by
  return (await ask(host, `/security/sessions/${victim.publicId}/revoke`, { cookie, body: { csrfToken } })).status
}

/** Signs in so many times. */
export const devices = (host: HostProcess, user: string, count: number): Promise<Session[]> =>
  Promise.all(Array.from({ length: count }, () => signIn(host, user)))

/** Runs `work`; resolves with what it gave and how many milliseconds it took. */
export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const began = performance.now()
  const value = await work()
  return { value, ms: Math.round(performance.now() - began) }
}

/** Looks twice at each host: the first look may fill a copy that the second would believe. */
export async function assertIn(hosts: readonly HostProcess[], sessions: readonly Session[], isIn: boolean) {
  for (let i = 0; i < 2; i += 1)
    for (const host of hosts)
      for (const { cookie } of sessions) assert.equal((await look(host, cookie)).isIn, isIn, `look ${i} at ${host.url}`)
}
