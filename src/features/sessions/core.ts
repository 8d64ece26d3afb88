import type { Clock } from '../../core/clock.js'
import type { HotKeys } from '../../stores/redis/hot-keys.js'
import type { RecordChanges } from './record-changes.js'
import type { SessionRecords } from './records.js'

/** What this process has seen die (step 8). */
export interface DeathMemory {
  /** False when the last complete tail began too long ago for a copy to be believed. */
  isFresh(): boolean
  remembers(idHash: string): boolean
}

/**
 * What the steps of the protocol work with. Every call on `records`, `changes` and `hot` is one step of the model;
 * the interleaving tests put a gate in front of each.
 */
export interface SessionCore {
  readonly clock: Clock
  readonly records: Pick<SessionRecords, keyof SessionRecords>
  readonly changes: Pick<RecordChanges, keyof RecordChanges>
  /** Null where SQL alone serves: then every check reads the row, and there is nothing to bury. */
  readonly hot: HotKeys | null
  readonly tail: DeathMemory
  /** Tells every process, this one included, that sessions have ended, so that their streams end. Never fails. */
  readonly broadcast: (publicIds: readonly string[]) => Promise<void>
  /** Drops what the host stored under ids that have just died. Decides nothing: data is only ever shown to its owner. Never fails. */
  readonly dropData: (idHashes: readonly string[]) => Promise<void>
  readonly acknowledge: 'fast' | 'strict'
  /** True while sessions that are older than the registry may still be taken over: then an unknown id is not buried. */
  readonly adopts?: () => boolean
  readonly report: (error: unknown) => void
}

/** Longest age of a complete tail under which a copy is believed, and what an acknowledgement may have to wait for (steps 8, 9). */
export const TAIL_BOUND_MS = 1_000
