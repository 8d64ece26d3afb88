import { fork, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { sharedPostgres } from '../support/postgres.js'
import { startProcess } from '../support/process.js'
import { freePort, tempFolder } from '../support/services.js'
import type { Errand, Fate } from './crowd-clients.js'
import type { LimitsSettings } from './host-process.js'
import { Wire } from './wire.js'

const HOSTS = {
  ours: new URL('./host-process.js', import.meta.url),
  plain: new URL('./plain-host.js', import.meta.url),
}
const CLIENTS = new URL('./crowd-clients.js', import.meta.url)
const PROBES_PER_S = 100
const PROBE_CONNECTIONS = 50

export interface Figures {
  fates: Fate[]
  /** Milliseconds of a GET that has nothing to do with signing in, sorted. */
  idle: number[]
  /** The same, from the crowd's arrival on, for as long. */
  crowded: number[]
  /** How long after its arrival a sign-in of somebody else went through, in ms. */
  worksAgainMs: number
}

export interface Crowds {
  crowds: Figures[]
  /** Resident memory of the host, in MB: before the first crowd, and at most. */
  rss: { idle: number; peak: number }
}

export interface Course {
  times: number
  /** How long it is measured before each crowd, and from its arrival on. */
  watchedMs: number
  options: LimitsSettings['options']
  errand?: Errand
  /** `plain`: without us, to compare. */
  host?: keyof typeof HOSTS
  /** SQLite, unless told. */
  on?: 'postgres'
}

/** Crowds arrive at a host, one after the other, each in one moment, while somebody else reads an unrelated page. */
export async function crowds(size: number, course: Course): Promise<Crowds> {
  const { times, watchedMs, options, errand = 'sign in', host: which = 'ours', on } = course
  const folder = await tempFolder(tmpdir()) // on a real disk, whose commits take time
  const port = await freePort()
  const store = on && (await (await sharedPostgres()).freshDatabase())
  const settings: LimitsSettings = { port, database: store?.url ?? `sqlite:${join(folder.path, 's.db')}`, options }
  const host = await startProcess(HOSTS[which], settings)
  const clients = fork(CLIENTS, [JSON.stringify([port, size])])
  const wire = new Wire(port, PROBE_CONNECTIONS)
  const rss = { idle: 0, peak: 0 }
  const sampling = setInterval(() => (rss.peak = Math.max(rss.peak, rssOf(host.pid))), 20)
  try {
    await told(clients)
    const signIn = await signInOf(wire)
    await signIn()
    await probing(wire, () => wait(1_000)) // warms up
    rss.idle = rssOf(host.pid)
    const figures: Figures[] = []
    for (let i = 0; i < times; i += 1) figures.push(await crowd({ clients, wire, signIn, watchedMs, errand }))
    return { crowds: figures, rss }
  } finally {
    clearInterval(sampling)
    wire.close()
    clients.kill('SIGKILL')
    await host.stop()
    await store?.drop()
    await folder.remove()
  }
}

interface Scene {
  clients: ChildProcess
  wire: Wire
  signIn: () => Promise<number>
  watchedMs: number
  errand: Errand
}

async function crowd({ clients, wire, signIn, watchedMs, errand }: Scene): Promise<Figures> {
  const idle = await probing(wire, () => wait(watchedMs))
  const began = performance.now()
  let fates: Fate[] = []
  let worksAgainMs = Infinity
  async function until422(): Promise<void> {
    await wait(100) // the crowd is there
    while ((await signIn()) !== 422) await wait(50)
    worksAgainMs = performance.now() - began
  }
  const crowded = await probing(wire, async () => {
    const answered = told(clients).then((answer) => (fates = answer as Fate[]))
    clients.send(errand)
    await Promise.all([answered, wait(watchedMs), until422()])
  })
  return { fates, idle, crowded, worksAgainMs }
}

/** Somebody who signs in, each time as another one and from another network, and wrongly. */
async function signInOf(wire: Wire): Promise<() => Promise<number>> {
  const { cookie, csrfToken } = await wire.visitor()
  let tries = 0
  return async () => {
    tries += 1
    const headers = { cookie, 'x-forwarded-for': `203.0.${tries >> 8}.${tries & 255}` }
    const form = { csrfToken, email: `nobody${tries}@limits.test`, password: 'Wrong-1' }
    return (await wire.send('/security/sign-in', headers, form)).status
  }
}

/** Reads the page at a steady pace, whether answers come or not, as long as `work` goes on. */
async function probing(wire: Wire, work: () => Promise<unknown>): Promise<number[]> {
  const probing = new AbortController()
  const working = work().finally(() => probing.abort())
  const asked: Promise<number>[] = []
  for (const began = performance.now(); !probing.signal.aborted;) {
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
    const ended = () => fail(new Error('the clients have ended'))
    clients.once('message', (message: unknown) => {
      clients.off('exit', ended)
      if (typeof message === 'object' && message !== null && 'failed' in message)
        fail(new Error(String(message.failed)))
      else done(message)
    })
    clients.once('exit', ended)
  })
}
