import { setTimeout as wait } from 'node:timers/promises'
import { StoreUnavailable } from '../../core/errors.js'

/** So long a write is tried again, without holding anything up, before it is answered 503. */
const PATIENCE_MS = 800

/** SQLite's SQLITE_BUSY; PostgreSQL's serialization failure, deadlock, and lock that was not to be had in time. */
const SQLITE_BUSY = 5
const POSTGRES_BUSY: ReadonlySet<unknown> = new Set(['40001', '40P01', '55P03'])

/** Tries a write again while others hold what it needs. `work` must do nothing that a rollback does not undo. */
export async function whenFree<T>(work: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  for (const until = performance.now() + patienceMs; ;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreUnavailable && isBusy(error.cause)) || performance.now() >= until) throw error
      await wait(5 + Math.random() * 20)
    }
  }
}

/** True when the database has answered that others are in the way: nothing was done, and it may be tried again. */
export const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  (('errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY) ||
    ('code' in error && POSTGRES_BUSY.has(error.code)))
