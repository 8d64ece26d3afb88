import { TAIL_BOUND_MS, type SessionCore } from './core.js'

/** A node met so recently may not be the only one that serves. */
const SETTLED_MS = 5_000
const MARGIN_MS = 100

/**
 * Step 9: returns when no check that starts from now on can accept what a transaction has ended. Fast when every
 * tombstone was confirmed by a settled node; else it waits until no process may believe a copy without having
 * tailed the commit. `committedAt` is the monotonic time just after the commit.
 */
export async function acknowledge(core: SessionCore, committedAt: number, confirmed: boolean): Promise<void> {
  if (await isFast(core, confirmed)) return
  const left = committedAt + TAIL_BOUND_MS + MARGIN_MS - core.clock.monotonic()
  if (left > 0) await core.clock.sleep(left)
}

async function isFast(core: SessionCore, confirmed: boolean): Promise<boolean> {
  // a process without Redis can bury nothing; others on the same database may have it
  if (!core.hot) return !(await core.records.isRedisUsed())
  return confirmed && core.acknowledge === 'fast' && core.hot.identityAgeMs > SETTLED_MS
}
