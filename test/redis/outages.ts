import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Database } from '../../src/stores/sql/database.js'
import type { Fleet } from './hosts.js'
import { until } from '../support/clock.js'
import { startRedis } from '../support/services.js'

/** How long each of them lasts. */
export const OUTAGE_MS = 2_500

/** What can be taken away. */
export interface World {
  fleet: Fleet
  db: Database
  /** How late the replies of Redis are. */
  delay: (ms: number) => void
}

interface Outage {
  begin: (world: World) => Promise<unknown>
  end: (world: World) => Promise<unknown>
  /** What a guarded request of somebody who is signed in is answered meanwhile. */
  guarded: 200 | 503
  /** It comes and goes by itself, for as long as it lasts. */
  lasts?: (world: World) => Promise<void>
}

const nothing = () => Promise.resolve()
const stop = ({ fleet }: World) => fleet.server.stop()
const start = ({ fleet }: World) => fleet.server.start()
const limitMemory = (bytes: string) => (world: World) => world.fleet.raw.config('SET', 'maxmemory', bytes)
const rename = ({ db }: World, from: string, to: string) =>
  sql`alter table ${sql.table(`${from}_sessions`)} rename to ${sql.table(`${to}_sessions`)}`.execute(db)

export const OUTAGES: Record<string, Outage> = {
  stopped: { begin: stop, end: start, guarded: 200 },
  hanging: {
    begin: ({ fleet }) => Promise.resolve(fleet.server.pause()),
    end: ({ fleet }) => Promise.resolve(fleet.server.resume()),
    guarded: 200,
  },
  'slow by 5 s': {
    begin: ({ delay }) => Promise.resolve(delay(5_000)),
    end: ({ delay }) => Promise.resolve(delay(0)),
    guarded: 200,
  },
  'read-only': { begin: follow, end: ({ fleet }) => fleet.raw.replicaof('NO', 'ONE'), guarded: 200 },
  'out of memory': { begin: limitMemory('1'), end: limitMemory('0'), guarded: 200 },
  flapping: { begin: nothing, end: nothing, guarded: 200, lasts: flap },
  'stopped, and SQL with it': {
    begin: async (world) => {
      await stop(world)
      await rename(world, 'security', 'gone')
    },
    end: async (world) => {
      await rename(world, 'gone', 'security')
      await start(world)
    },
    guarded: 503,
  },
}

async function flap(world: World): Promise<void> {
  for (const over = performance.now() + OUTAGE_MS; performance.now() < over;) {
    await stop(world)
    await wait(300)
    await start(world)
    await wait(300)
  }
}

/** Becomes the replica of another, which ends at once: what it was told is all it has. */
async function follow({ fleet }: World): Promise<void> {
  const other = await startRedis('--repl-diskless-sync-delay', '0')
  await fleet.raw.replicaof('127.0.0.1', other.port)
  const isLinked = async () => (await fleet.raw.info()).includes('master_link_status:up')
  try {
    await until('the link', isLinked, 5_000)
  } finally {
    await other.close()
  }
}
