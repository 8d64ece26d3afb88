import { fork, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startProcess } from '../support/process.js'
import { freePort, tempFolder } from '../support/services.js'
import type { Fate } from './crowd-clients.js'
import type { LimitsSettings } from './host-process.js'
import { Wire } from './wire.js'

const HOST = new URL('./host-process.js', import.meta.url)
const CLIENTS = new URL('./crowd-clients.js', import.meta.url)
const PROBES_PER_S = 100
const PROBE_CONNECTIONS = 50
/** Sign-ins have to work again after so long; so long the rest of the app is watched as well. */
const AFTERMATH_MS = 5_000

export interface Figures {
  fates: Fate[]
  /** Milliseconds of a GET that has nothing to do with signing in, sorted. */
  idle: number[]
  /** The same, from the crowd's arrival until `AFTERMATH_MS` later, or until the last of it is answered. */
  crowded: number[]
  /** Resident memory of the host, in MB. */
  rss: { idle: number; peak: number }
  /** How long after its arrival the first sign-in of somebody else went through, in ms. */
  worksAgainMs: number
}

/** A crowd of sign-ins arrives in one moment, while somebody else reads an unrelated page again and again. */
export async function crowd(size: number, options: LimitsSettings['options'], idleMs = AFTERMATH_MS): Promise<Figures> {
  const folder = await tempFolder()
  const port = await freePort()
  const host = await startProcess<LimitsSettings>(HOST, {
    port,
    database: `sqlite:${join(folder.path, 's.db')}`,
    options,
  })
  const clients = fork(CLIENTS, [JSON.stringify([port, size])])
  const wire = new Wire(port, PROBE_CONNECTIONS)
  try {
    await told(clients)
    const { cookie, csrfToken } = await wire.visitor()
    const signIn = () =>
      wire.send('/security/sign-in', { cookie }, { csrfToken, email: 'nobody@limits.test', password: 'Wrong-1' })
    await signIn()
    await probing(wire, () => wait(1_000)) // warms up
    const idle = await probing(wire, () => wait(idleMs))
    const rss = { idle: rssOf(host.pid), peak: 0 }
    const sampling = setInterval(() => (rss.peak = Math.max(rss.peak, rssOf(host.pid))), 20)
    const began = performance.now()
    let fates: Fate[] = []
    let worksAgainMs = Infinity
    const crowded = await probing(wire, async () => {
      const answered = told(clients)
      clients.send('go')
      await Promise.all([
        answered.then((answer) => (fates = answer as Fate[])),
        wait(AFTERMATH_MS),
        (async () => {
          await wait(100) // the crowd is there
          while ((await signIn()).status !== 422) await wait(50)
          worksAgainMs = performance.now() - began
        })(),
      ])
    })
    clearInterval(sampling)
    return { fates, idle, crowded, rss, worksAgainMs }
  } finally {
    wire.close()
    clients.kill('SIGKILL')
    await host.stop()
    await folder.remove()
  }
}

/** Reads the page at a steady pace, whether answers come or not, as long as `work` goes on. */
async function probing(wire: Wire, work: () => Promise<unknown>): Promise<number[]> {
  let done = false
  const working = work().finally(() => (done = true))
  const asked: Promise<number>[] = []
  for (const began = performance.now(); !done;) {
    asked.push(wire.send('/unrelated').then(({ ms }) => ms))
    await wait(Math.max(0, began + (asked.length * 1000) / PROBES_PER_S - performance.now()))
  }
  await working
  return (await Promise.all(asked)).toSorted((a, b) => a - b)
}

export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!

const rssOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** What the clients say next. */
async function told(clients: ChildProcess): Promise<unknown> {
  return new Promise((done, fail) => {
    clients.once('message', (message: unknown) => {
      if (typeof message === 'object' && message !== null && 'failed' in message)
        fail(new Error(String(message.failed)))
      else done(message)
    })
    clients.once('exit', () => fail(new Error('the clients have ended')))
  })
}
