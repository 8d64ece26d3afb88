import { Broadcast } from './stores/redis/broadcast.js'
import { RedisHotKeys } from './stores/redis/hot-keys.js'
import type { RedisLink } from './stores/redis/link.js'
import { openRedis } from './stores/redis/open.js'
import { RedisSessionData } from './stores/redis/session-data.js'
import type { Changes, Database } from './stores/sql/database.js'
import { SqlSessionData } from './stores/sql/session-data.js'
import type { SessionData } from './core/session-data.js'
import type { SessionCore } from './features/sessions/core.js'
import { Heartbeat } from './features/sessions/heartbeat.js'
import { LastActive } from './features/sessions/last-active.js'
import { OpenStreams } from './features/sessions/open-streams.js'
import { RecordChanges } from './features/sessions/record-changes.js'
import { SessionRecords } from './features/sessions/records.js'
import { Sessions } from './features/sessions/sessions.js'
import { Tail } from './features/sessions/tail.js'
import type { Configuration } from './configuration.js'

/** The session core, running. */
export interface Registry {
  sessions: Sessions
  data: SessionData
  /** The connection to Redis; null where SQL alone serves. */
  redis: RedisLink | null
  close(): void
}

/** Joins stores and protocol, and starts the heartbeat. Without Redis the record itself is checked by the same code. */
export async function startRegistry(options: Configuration, db: Database, changes: Changes): Promise<Registry> {
  const { clock, report } = options
  const redis = options.redis ? await openRedis(options.redis, { clock, report }) : null
  const data = redis ? new RedisSessionData(redis, clock) : new SqlSessionData(db)
  const ownsData = options.session === 'own'
  const streams = new OpenStreams(clock)
  const records = new SessionRecords(db, clock)
  const tail = new Tail(clock)
  let broadcast: Broadcast | null = null
  const core: SessionCore = {
    clock,
    records,
    changes: new RecordChanges(changes),
    hot: redis && new RedisHotKeys(redis),
    tail,
    broadcast: async (publicIds) => {
      streams.end(publicIds)
      await broadcast?.ended(publicIds).catch(report)
    },
    // without Redis the data dies in the transaction itself; the host's is the host's
    dropData: async (ids) =>
      void (redis && ownsData && (await Promise.all(ids.map((id) => data.remove(id))).catch(report))),
    acknowledge: options.sessions.acknowledge,
    adopts: () => clock.now() < options.adoptUntil,
    report,
  }
  if (redis)
    broadcast = await Broadcast.open(redis, {
      onEnded: (publicIds) => streams.end(publicIds),
      onGap: () => void streams.recheck((id) => records.alive(id), true).catch(report),
      report,
    })
  const lastActive = new LastActive(core)
  const identify = async () => redis?.identify()
  const heartbeat = new Heartbeat({ core, tail, streams, lastActive, identify })
  await heartbeat.start()
  return {
    sessions: new Sessions(core, { streams, lastActive, limits: options.limits }),
    data,
    redis,
    close: () => {
      heartbeat.stop()
      broadcast?.close()
      redis?.close()
    },
  }
}
