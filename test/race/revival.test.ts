import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { addRow } from '../support/endurance.js'
import { stopAll, type HostProcess } from '../support/process.js'
import { sharedPostgres } from '../support/postgres.js'
import { startRedis, tempFolder } from '../support/services.js'
import { ask } from './client.js'
import { FLIGHTS, HOST_FLIGHTS, type Flight } from './flights.js'
import type { HostSettings } from './host-process.js'
import { KILLS, type Kill } from './kills.js'
import { Lane, round, type World } from './rounds.js'
import { startHosts } from './start-hosts.js'
import { Tally } from './tally.js'

/** Rounds per store: each kill with each flight, once; `npm run endurance` sets 2,000. */
const ROUNDS = Number(process.env.ROUNDS ?? FLIGHTS.length * KILLS.length)
const LANES = 4

interface Stores {
  kind?: HostSettings['kind']
  postgres?: boolean
  redis: boolean
}

const STORES: Record<string, Stores> = {
  'SQLite alone': { redis: false },
  'SQLite and Redis': { redis: true },
  'PostgreSQL alone': { postgres: true, redis: false },
  'PostgreSQL and Redis': { postgres: true, redis: true },
  "the host's own session": { kind: 'kept', redis: true },
}

/** Runs `work` with two hosts on one database, and leaves nothing behind whatever comes of it. */
async function withTwoHosts(
  kind: HostSettings['kind'],
  { postgres = false, redis: withRedis }: Stores,
  work: (world: World) => Promise<Tally>,
): Promise<Tally> {
  const { url: database, drop } = await (postgres ? (await sharedPostgres()).freshDatabase() : freshFile())
  const server = withRedis ? await startRedis() : null
  const redis = server && new Redis(server.url)
  let hosts: HostProcess[] = []
  try {
    hosts = await startHosts(2, { kind, database, redis: server?.url })
    const tally = await work({ a: hosts[0]!, b: hosts[1]!, redis })
    const errors = hosts.flatMap((host) => host.errors)
    assert.deepEqual(errors, [])
    return tally
  } finally {
    await stopAll(hosts)
    redis?.disconnect()
    await server?.close()
    await drop()
  }
}

async function freshFile(): Promise<{ url: string; drop: () => Promise<void> }> {
  const folder = await tempFolder()
  return { url: `sqlite:${join(folder.path, 'security.db')}`, drop: folder.remove }
}

/** Every kill with every flight, in turn, until there were so many rounds. */
async function race(world: World, flights: readonly Flight[], kills: readonly Kill[], rounds: number): Promise<Tally> {
  const tally = new Tally()
  const trials = flights.flatMap((flight) => kills.map((kill) => ({ flight, kill })))
  let turn = 0
  let left = rounds
  async function run(lane: Lane): Promise<void> {
    while (left > 0) {
      left -= 1
      const { kill, flight } = trials[turn++ % trials.length]!
      const outcome = await round(world, lane, kill, flight)
      if (outcome.void) left += 1 // nothing was tried
      tally.add(kill.name, flight.name, outcome)
    }
  }
  const lanes = Array.from({ length: LANES }, (_, i) => new Lane(`lane${i}`))
  if (flights === FLIGHTS)
    for (const { user, password } of lanes) await ask(world.a, '/race/password', { body: { user, password } })
  await Promise.all(lanes.map(run))
  return tally
}

function report(tally: Tally, title: string): void {
  if (process.env.ROUNDS) console.log(`\n${tally.table(title)}\n`)
}

describe('A session that was ended stays ended, whatever is under way', function () {
  this.timeout(30_000 + ROUNDS * 500)

  for (const [store, { kind = 'sallyport', ...stores }] of Object.entries(STORES))
    it(`none of ${ROUNDS} comes back: two processes on ${store}`, async () => {
      const tally = await withTwoHosts(kind, stores, (world) => race(world, FLIGHTS, KILLS, ROUNDS))
      report(tally, store)
      if (process.env.ROUNDS) {
        const { served, revived, shown, wronged } = tally.broken
        const promise = `a session that was ended stays ended: ${store}`
        addRow({ promise, tried: tally.count('tried'), broken: served + revived + shown + wronged })
      }
      assert.deepEqual(tally.broken, { served: 0, revived: 0, shown: 0, wronged: 0 }, `\n${tally.table(store)}`)
      assert.equal(tally.count('tried'), ROUNDS)
    })

  it('the same rounds bring sessions back where express-session and connect-redis are wired as usual', async () => {
    const kills = KILLS.filter((kill) => kill.name !== 'password change') // that wiring has no passwords
    const tally = await withTwoHosts('express-session', { redis: true }, (world) =>
      race(world, HOST_FLIGHTS, kills, Math.min(ROUNDS, 300)),
    )
    report(tally, 'express-session and connect-redis')
    const [tried, revived] = [tally.count('tried', 'late save'), tally.count('revived', 'late save')]
    assert.ok(revived > 0, `a late save brought back none of ${tried}: these rounds would not see it`)
  })
})
