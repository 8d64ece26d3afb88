import { setTimeout as wait } from 'node:timers/promises'

/** Where time comes from, so that a test moves it instead of sleeping. */
export interface Clock {
  /** Milliseconds since the epoch. Every limit is decided by this clock and by stored timestamps, never by a store's TTL. */
  now(): number
  /** Milliseconds that never jump; for "how long ago did this process do that". */
  monotonic(): number
  sleep(ms: number): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms) => {
    await wait(ms)
  },
}
