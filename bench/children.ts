import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { tempFolder } from '../test/support/services.js'
import { variants, type VariantName } from './variants.js'

const START_MS = 20_000
const STOP_MS = 10_000
const SERVER = fileURLToPath(new URL('./server.js', import.meta.url))

/** A running variant; `cookie` is that of the person who has signed in there, empty for the floor. */
export interface Running {
  name: VariantName
  pid: number
  port: number
  cookie: string
  stop(): Promise<void>
}

/** Addresses of what the variants may keep things in. */
export interface Stores {
  redis: string
  postgres: string
}

const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

/** Starts a variant, makes sure that its guard does what it is there for, and signs in. */
export async function start(name: VariantName, stores: Stores, nodeOptions: string[] = []): Promise<Running> {
  const folder = await tempFolder()
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    REDIS_URL: stores.redis,
    POSTGRES_URL: stores.postgres,
    FOLDER: folder.path,
  }
  const child = spawn(process.execPath, [...nodeOptions, SERVER, name], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  alive.add(child)
  const stop = async () => {
    await end(child)
    await folder.remove()
  }
  try {
    const port = await readyPort(child, name)
    const cookie = await signIn(`http://127.0.0.1:${port}`, name)
    return { name, pid: child.pid!, port, cookie, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function readyPort(child: ChildProcess, name: VariantName): Promise<number> {
  const late = AbortSignal.timeout(START_MS)
  const lines = createInterface({ input: child.stdout!, signal: late })
  for await (const line of lines) {
    const [, port] = /^ready (\d+)$/.exec(line) ?? []
    if (port) return Number(port)
  }
  throw new Error(`${name} ${late.aborted ? 'was not ready in time' : 'ended before it was ready'}`)
}

async function signIn(url: string, name: VariantName): Promise<string> {
  const status = async (cookie: string) => (await fetch(`${url}/invoices`, { headers: { cookie } })).status
  const expect = async (wanted: number, cookie: string) => {
    const got = await status(cookie)
    if (got !== wanted) throw new Error(`${name}: GET /invoices answered ${got}, not ${wanted}`)
  }
  if (!variants[name].guarded) {
    await expect(200, '')
    return ''
  }
  await expect(401, '')
  const answer = await fetch(`${url}/sign-in`, { method: 'POST' })
  const cookie = answer.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
  await expect(200, cookie)
  return cookie
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await Promise.race([gone, wait(STOP_MS, undefined, { ref: false })])
    child.kill('SIGKILL')
    await gone
  }
  alive.delete(child)
}
