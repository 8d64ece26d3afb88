import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** A port of the loopback interface that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

const ENOUGH_BYTES = 2 ** 31

/** Memory, where there is such a folder and room in it: a commit is as safe as the disk it is on, and most tests need no better one. */
export function inMemory(): string {
  const memory = '/dev/shm'
  try {
    accessSync(memory, constants.W_OK)
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize > ENOUGH_BYTES ? memory : tmpdir()
  } catch {
    return tmpdir() // then on the disk
  }
}

/** A folder of the test's own; `remove` deletes it. */
export async function tempFolder(base = inMemory()): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(base, 'sallyport-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

export interface RedisServer {
  url: string
  port: number
  folder: string
  /** Ends the server (SIGKILL by default: nothing is saved) and starts it anew on the same port and folder. */
  stop(signal?: NodeJS.Signals): Promise<void>
  start(): Promise<void>
  /** SIGSTOP and SIGCONT: the server is there, and answers nothing. */
  pause(): void
  resume(): void
  /** Stops it and removes its folder. */
  close(): Promise<void>
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
// whoever is told to stop stops what it has started, too
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

/** A real Redis on a free port, from Debian's package. */
export async function startRedis(...options: string[]): Promise<RedisServer> {
  if (!existsSync('/usr/bin/redis-server'))
    throw new Error('redis-server is not installed; run: bash scripts/install-services.sh')
  for (let tries = 1; ; tries += 1)
    try {
      return await startRedisAt(await freePort(), options)
    } catch (error) {
      if (tries === 3) throw error // a free port may be somebody else's a moment later
    }
}

async function startRedisAt(port: number, options: readonly string[]): Promise<RedisServer> {
  const folder = await tempFolder()
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder.path, '--save', '', ...options]
    child = spawn('/usr/bin/redis-server', settings, { stdio: 'ignore' })
    running.add(child)
    await answering(port)
    const pid = await redisPid(port)
    // one that asks for a password answers nobody else
    if (!Number.isNaN(pid) && pid !== child.pid)
      throw new Error(`port ${port} is that of another Redis, of process ${pid}`)
  }
  async function stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const ending = child
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    const gone = new Promise((done) => ending.once('exit', done))
    ending.kill(signal)
    await gone
    running.delete(ending)
  }
  try {
    await start()
  } catch (error) {
    await stop()
    await folder.remove()
    throw error
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    folder: folder.path,
    start,
    stop,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    close: async () => {
      await stop()
      await folder.remove()
    },
  }
}

/** The process that answers as Redis at this port. */
async function redisPid(port: number): Promise<number> {
  const socket = createConnection({ port, host: '127.0.0.1' })
  try {
    socket.write('INFO server\r\n')
    let said = ''
    for await (const chunk of socket) {
      said += String(chunk)
      const pid = /^process_id:(\d+)\r/m.exec(said)?.[1]
      if (pid || said.startsWith('-')) return Number(pid)
    }
    return Number.NaN
  } finally {
    socket.destroy()
  }
}

/** Resolves when the port takes connections. */
export async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const ok = await new Promise<boolean>((done) => {
      const socket = createConnection({ port, host: '127.0.0.1' }, () => done(true)).on('error', () => done(false))
      socket.once('connect', () => socket.end())
    })
    if (ok) return
    await wait(25)
  }
  throw new Error(`nothing answers on port ${port}`)
}
