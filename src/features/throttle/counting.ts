/** A counter as it is kept. Times are milliseconds since the epoch. */
export interface Count {
  /** When the failures were, and the attempts that are still under way; oldest first. */
  attempts: readonly number[]
  /** Until then every attempt is refused. */
  blockedUntil: number
  /** From then on it is as if there had been none. */
  forgetAt: number
}

export const NOTHING: Count = { attempts: [], blockedUntil: 0, forgetAt: 0 }

const LONGEST_WAIT_S = 900
/** With so many beyond the free ones the wait is the longest; older ones change nothing any more. */
const COUNTED_BEYOND_FREE = 11

/** The wait after so many failures, in milliseconds: none, then 1, 2, 4 ... 900 s. */
export const waitMs = (failures: number, free: number): number =>
  failures < free ? 0 : Math.min(LONGEST_WAIT_S, 2 ** (failures - free)) * 1000

/** What is left of a counter: nothing, once it is to be forgotten. */
export const remembered = (count: Count, now: number): Count => (now < count.forgetAt ? count : NOTHING)

/** One attempt more. It counts as a failure until it is given back. */
export function counted({ attempts, blockedUntil }: Count, rule: Rule, now: number): Count {
  const all = [...attempts, now].slice(-(rule.free + COUNTED_BEYOND_FREE))
  const wait = waitMs(all.length, rule.free)
  return withForgetting(all, wait ? now + wait : blockedUntil, rule.windowMs)
}

/** The attempt of `at` has succeeded: as if it had not been, and neither the wait that it began. */
export function givenBack(count: Count, made: Made, windowMs: number): Count {
  const at = count.attempts.lastIndexOf(made.at)
  if (at < 0) return count
  const blockedUntil = count.blockedUntil === made.blockedUntil ? made.blockedBefore : count.blockedUntil
  return withForgetting(count.attempts.toSpliced(at, 1), blockedUntil, windowMs)
}

export interface Rule {
  /** So many failures cost nothing. */
  free: number
  windowMs: number
}

/** What an attempt has done to a counter, so that it can be undone. */
export interface Made {
  at: number
  blockedUntil: number
  blockedBefore: number
}

/**
 * A counter is forgotten when a window has passed since its last failure *and* since the end of its wait: else
 * waiting out the longest one would make the next five attempts free.
 */
function withForgetting(attempts: readonly number[], blockedUntil: number, windowMs: number): Count {
  const last = attempts.at(-1)
  return last === undefined ? NOTHING : { attempts, blockedUntil, forgetAt: Math.max(last, blockedUntil) + windowMs }
}
