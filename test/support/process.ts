import { fork, type ChildProcess } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'

/** What a program tells its test: that it listens, where one of its requests waits, or an error that no request waited for. */
export type Told = { ready: true } | { reached: string } | { error: string }
/** What a test tells a program: to let a request go on, or to let time go by. */
export type Order = { open: string } | { advance: number; tell: string }

/** A program of ours in another Node process. */
export interface HostProcess {
  readonly url: string
  readonly pid: number
  /** Errors that no request waited for. */
  readonly errors: string[]
  /** Resolves when a request waits at this barrier. */
  reached(barrier: string): Promise<void>
  /** Lets the request that waits there go on. */
  open(barrier: string): void
  /** Lets wall-clock time go by. */
  advance(ms: number): Promise<void>
  /** SIGKILL, by pid. */
  stop(): Promise<void>
}

const LIMIT_MS = 15_000

const running = new Set<ChildProcess>()
// Also when a test fails or mocha gives up; should we be killed outright, the program sees its channel close and ends.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a program with its settings (JSON, its one argument) and waits until it says that it listens. */
export async function startProcess(program: URL, settings: { port: number }): Promise<HostProcess> {
  const child = fork(program, [JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  running.add(child)
  let output = ''
  const keep = (text: Buffer) => void (output = (output + text.toString()).slice(-4_000))
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)

  const errors: string[] = []
  const barriers = new Barriers()
  child.on('message', (told: Told) => {
    if ('error' in told) errors.push(told.error)
    else barriers.arrive('ready' in told ? 'ready' : told.reached)
  })
  const gone = new Promise<void>((done) => {
    child.once('exit', () => {
      running.delete(child)
      barriers.fail(() => new Error(`process ${child.pid} has ended: ${output}`))
      done()
    })
  })
  const send = (order: Order) => void child.send(order)
  let advances = 0
  const host: HostProcess = {
    url: `http://localhost:${settings.port}`,
    pid: child.pid!,
    errors,
    reached: (barrier) => barriers.reached(barrier),
    open: (barrier) => send({ open: barrier }),
    advance: (ms) => {
      const tell = `advanced ${(advances += 1)}`
      send({ advance: ms, tell })
      return barriers.reached(tell)
    },
    stop: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
  await host.reached('ready').catch(async (error: unknown) => {
    await host.stop()
    throw error
  })
  return host
}

/** Starts several; when one fails, none is left behind. */
export async function startProcesses(program: URL, settings: { port: number }[]): Promise<HostProcess[]> {
  const started = await Promise.allSettled(settings.map((each) => startProcess(program, each)))
  const hosts = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const failed = started.find((each) => each.status === 'rejected')
  if (!failed) return hosts
  await stopAll(hosts)
  throw failed.reason
}

export async function stopAll(hosts: readonly HostProcess[]): Promise<void> {
  await Promise.all(hosts.map((each) => each.stop()))
}

/** Who has arrived where. Whoever waits for an arrival waits for a bounded time. */
class Barriers {
  readonly #arrived = new Set<string>()
  readonly #waiting = new Map<string, () => void>()
  #failure: (() => Error) | null = null
  #failed: () => void = () => {}
  readonly #end = new Promise<void>((done) => (this.#failed = done))

  arrive(barrier: string): void {
    this.#arrived.add(barrier)
    this.#waiting.get(barrier)?.()
  }

  fail(why: () => Error): void {
    this.#failure = why
    this.#failed()
  }

  async reached(barrier: string): Promise<void> {
    const giveUp = new AbortController()
    const late = wait(LIMIT_MS, 'late', { signal: giveUp.signal }).catch(() => 'late')
    const arrival = new Promise<void>((done) => this.#waiting.set(barrier, done))
    const end = this.#arrived.has(barrier) ? 'here' : await Promise.race([arrival, this.#end, late])
    giveUp.abort()
    this.#waiting.delete(barrier)
    if (this.#arrived.delete(barrier)) return
    throw this.#failure?.() ?? new Error(end === 'late' ? `nobody came to the barrier "${barrier}"` : 'ended')
  }
}
