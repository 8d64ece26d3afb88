import { spawn, type ChildProcess } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { until } from './clock.js'
import type { RedisPlace } from './redis-place.js'
import { answering, freePort, startRedis, tempFolder, type RedisServer } from './services.js'

const NAME = 'main'

/** A master, its replica, and three sentinels of which two must agree. */
export interface Sentinels {
  master: RedisServer
  replica: RedisServer
  place: Extract<RedisPlace, { name: string }>
  close: () => Promise<void>
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export async function startSentinels(): Promise<Sentinels> {
  const closing: (() => Promise<void>)[] = []
  const close = async () => {
    await Promise.all(closing.map((each) => each()))
  }
  try {
    const fast = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1']
    const master = await startRedis(...fast)
    closing.push(() => master.close())
    const replica = await startRedis(...fast, '--replicaof', '127.0.0.1', String(master.port))
    closing.push(() => replica.close())
    await isLinked(replica)
    const ports = []
    for (let i = 0; i < 3; i += 1) {
      const sentinel = await startSentinel(master.port)
      closing.push(sentinel.stop)
      ports.push(sentinel.port)
    }
    for (const port of ports) await hasQuorum(port)
    const place = { name: NAME, sentinels: ports.map((port) => ({ host: '127.0.0.1', port })) }
    return { master, replica, place, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function startSentinel(master: number) {
  const [port, folder] = [await freePort(), await tempFolder()]
  const file = join(folder.path, 'sentinel.conf') // it writes what it learns into this file
  await writeFile(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder.path}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${master} 2`,
      `sentinel down-after-milliseconds ${NAME} 1000`,
      `sentinel failover-timeout ${NAME} 5000`,
    ].join('\n'),
  )
  const child = spawn('/usr/bin/redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  running.add(child)
  const gone = new Promise<void>((done) => child.once('exit', () => done()))
  const stop = async () => {
    child.kill('SIGKILL')
    await gone
    running.delete(child)
    await folder.remove()
  }
  await answering(port)
  return { port, stop }
}

async function isLinked(replica: RedisServer): Promise<void> {
  const client = new Redis(replica.url)
  await until('the replica', async () => (await client.info()).includes('master_link_status:up'), 10_000)
  client.disconnect()
}

/** It knows the replica and the two other sentinels. */
async function hasQuorum(port: number): Promise<void> {
  const client = new Redis(port, '127.0.0.1')
  const knows = async () => {
    const info = await client.info('sentinel')
    return /slaves=1,sentinels=3/.test(info)
  }
  await until('the sentinels know one another', knows, 30_000)
  client.disconnect()
}
