import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { ask } from '../race/client.js'
import { startHosts } from '../race/start-hosts.js'
import { timed } from '../redis/hosts.js'
import { stopAll, type HostProcess } from '../support/process.js'
import { startPostgres, type PostgresServer } from '../support/postgres.js'
import { startRedis, type RedisServer } from '../support/services.js'

/** Two host processes on one PostgreSQL, which a test may take away, and perhaps on one Redis. */
export interface Fleet {
  hosts: readonly [HostProcess, HostProcess]
  server: PostgresServer
  redis: RedisServer | null
  close(): Promise<void>
}

export async function startFleet({
  withRedis = false,
  through = ({ port }) => Promise.resolve(port),
}: { withRedis?: boolean; through?: (server: PostgresServer) => Promise<number> } = {}): Promise<Fleet> {
  const server = await startPostgres()
  const redis = withRedis ? await startRedis() : null
  const { name } = await server.freshDatabase()
  const database = `postgres://postgres@127.0.0.1:${await through(server)}/${name}`
  const hosts = await startHosts(2, { kind: 'sallyport', database, redis: redis?.url })
  return {
    hosts: hosts as [HostProcess, HostProcess],
    server,
    redis,
    close: async () => {
      await stopAll(hosts)
      await redis?.close()
      await server.close()
    },
  }
}

/** What a request answers, and that it took less than a second; it brings no cookie, least of all one that signs out. */
export async function soon(host: HostProcess, path: string, cookie: string | null, status: number, body?: object) {
  const { value, ms } = await timed(() => ask(host, path, { cookie, body }))
  assert.equal(value.status, status, path)
  assert.ok(ms < 1_000, `${path} took ${ms} ms`)
  if (status === 503) assert.equal(value.cookie, null)
  return value
}

/** Milliseconds until a request of this cookie is let in again. */
export async function backAfter(host: HostProcess, cookie: string): Promise<number> {
  const { ms } = await timed(async () => {
    for (;;) {
      const { status } = await ask(host, '/race/guarded', { cookie })
      if (status === 200) return
      assert.equal(status, 503, 'nobody is signed out')
    }
  })
  return ms
}

/** Memory of a process that is not on disk, in megabytes. */
export const memoryOf = (host: HostProcess): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${host.pid}/status`, 'utf8'))![1]) / 1024
