import { openDatabase } from '../../src/stores/sql/database.js'
import { ask, signIn, type Session } from '../race/client.js'
import { until } from '../support/clock.js'
import type { Row } from '../support/endurance.js'
import { startProxy, type Proxy } from '../support/proxy.js'
import { hotKeyOf, startFleet, type Fleet } from './hosts.js'
import { OUTAGE_MS, OUTAGES, type World } from './outages.js'
import type { Vitals } from '../race/vitals.js'

const USERS = 6
const ANSWER_MS = 1_000
const WHOLE_MS = 2_000
/** What a heap differs by for reasons of its own; a leak of an object per request would be far above. */
const HEAP_SLACK = 4_000_000
const RESOURCE_SLACK = 6

/** Every kind of outage so many times, under load on two processes. */
export async function outageRounds(count: number): Promise<Row[]> {
  let delayMs = 0
  const proxies: Proxy[] = []
  const fleet = await startFleet(async (server) => {
    proxies.push(await startProxy(server.port, { delayMs: () => delayMs }))
    return proxies[0]!.url
  })
  const world: World = { fleet, db: await openDatabase(fleet.database), delay: (ms) => (delayMs = ms) }
  const rows = new Rows()
  try {
    const users = Array.from({ length: USERS }, (_, i) => `lane${i}`)
    const sessions = await Promise.all(users.map((user) => signIn(fleet.a, user)))
    await round(world, sessions, new Rows()) // what is allocated once is no leak
    const before = await vitalsOf(fleet)
    for (let i = 0; i < count; i += 1) {
      await round(world, sessions, rows)
      proxies[0]!.seen.length = 0
    }
    addGrowth(rows, count, before, await vitalsOf(fleet))
    const odd = fleet.hosts
      .flatMap((host) => host.errors)
      .filter((each) => !/redis is unavailable|no such table/.test(each))
    rows.add('nothing else is reported', odd.length === 0, odd[0] ?? '')
    return rows.list
  } finally {
    await world.db.destroy()
    await fleet.close()
    await Promise.all(proxies.map((each) => each.close()))
  }
}

async function round(world: World, sessions: readonly Session[], rows: Rows): Promise<void> {
  for (const [name, outage] of Object.entries(OUTAGES)) {
    await outage.begin(world)
    const lasting = outage.lasts?.(world)
    const over = performance.now() + OUTAGE_MS
    const load = async (session: Session) => {
      while (performance.now() < over) await crowd(world.fleet, session, outage.guarded, name, rows)
    }
    await Promise.all(sessions.map(load))
    await lasting
    await outage.end(world)
    const began = performance.now()
    await until('all is well', () => isWhole(world.fleet, sessions), 10_000)
    const ms = Math.round(performance.now() - began)
    rows.add(`Redis ${name}: whole again within 2 s`, ms < WHOLE_MS, `${ms} ms`, ms)
  }
}

/** One of everything, at both processes. */
async function crowd(fleet: Fleet, { cookie }: Session, guarded: number, name: string, rows: Rows): Promise<void> {
  const request = async (path: string, cookie: string | null, status: number) => {
    const kind = path === '/race/guarded' && cookie ? 'protected' : 'public'
    for (const host of fleet.hosts) {
      const began = performance.now()
      const answer = await ask(host, path, { cookie })
      const ms = Math.round(performance.now() - began)
      const isRight = answer.status === status && answer.cookie === null && ms < ANSWER_MS
      rows.add(`Redis ${name}: ${kind} answers are right, within 1 s`, isRight, `${answer.status}, ${ms} ms`, ms)
    }
  }
  await Promise.all([
    request('/race/guarded', cookie, guarded),
    request('/race/open', cookie, 200),
    request('/race/guarded', null, 401),
    request('/security/sign-in', null, 200),
  ])
}

/** Everybody is in; copies are filled, and what the host stores is kept. */
async function isWhole(fleet: Fleet, sessions: readonly Session[]): Promise<boolean> {
  for (const { cookie } of sessions)
    for (const host of fleet.hosts) {
      if ((await ask(host, '/race/guarded', { cookie })).status !== 200) return false
      const note = `at ${host.url}`
      await ask(host, '/race/note', { cookie, body: { note } })
      if ((await ask(host, '/race/open', { cookie })).body.early !== note) return false
    }
  const copies = await fleet.raw.mget(sessions.map(hotKeyOf))
  return copies.every((each) => each?.startsWith('c:'))
}

const vitalsOf = (fleet: Fleet): Promise<Vitals[]> =>
  Promise.all(fleet.hosts.map(async (host) => (await ask(host, '/race/vitals')).body as unknown as Vitals))

function addGrowth(rows: Rows, count: number, before: readonly Vitals[], after: readonly Vitals[]): void {
  for (const [i, { heap, resources }] of after.entries()) {
    const [bytes, more] = [heap - before[i]!.heap, resources - before[i]!.resources]
    const figures = `${(bytes / 1e6).toFixed(1)} MB and ${more} handles more after ${count} rounds`
    rows.add(`memory is flat, process ${i + 1}`, bytes < HEAP_SLACK && more <= RESOURCE_SLACK, figures)
  }
}

/** Counts by promise; the figures are those of the first broken one, or of the slowest. */
class Rows {
  readonly #rows = new Map<string, Row & { ms: number }>()

  add(promise: string, isKept: boolean, figures: string, ms = 0): void {
    const row = this.#rows.get(promise) ?? { promise, tried: 0, broken: 0, figures, ms }
    this.#rows.set(promise, row)
    row.tried += 1
    if (row.broken === 0 && (!isKept || ms > row.ms)) Object.assign(row, { figures, ms })
    if (!isKept) row.broken += 1
  }

  get list(): Row[] {
    return [...this.#rows.values()].map(({ promise, tried, broken, figures }) => ({ promise, tried, broken, figures }))
  }
}
