import type { Clock } from '../../core/clock.js'
import { ok, problem, warning, type Finding, type FindingId } from './finding.js'

const WARN_MS = 500
const PROBLEM_MS = 5_000
const TRIES = 3

/** How far another clock is ahead of ours (negative: behind), and how much of that may be the way there and back. */
export interface Skew {
  ms: number
  uncertainMs: number
}

/** Asks another clock three times; the quickest answer tells best. `ask` gives milliseconds since the epoch. */
export async function skewOf(clock: Clock, ask: () => Promise<number>): Promise<Skew> {
  let best: Skew | undefined
  for (let i = 0; i < TRIES; i += 1) {
    const [asked, began] = [clock.now(), clock.monotonic()]
    const theirs = await ask()
    const half = (clock.monotonic() - began) / 2
    if (!best || half < best.uncertainMs) best = { ms: theirs - (asked + half), uncertainMs: half }
  }
  return best!
}

/** Limits of sessions and codes are decided by each process's own clock, so clocks that differ decide differently. */
export function clockFinding(id: FindingId, whose: string, { ms, uncertainMs }: Skew): Finding {
  const surely = Math.max(0, Math.abs(ms) - uncertainMs)
  const seen =
    surely < 50
      ? `the clock of ${whose} agrees with this machine's`
      : `the clock of ${whose} is ${length(surely)} ${ms > 0 ? 'ahead of' : 'behind'} this machine's`
  const change = 'let both machines follow a time server: apt-get install chrony, then compare with "chronyc tracking"'
  if (surely > PROBLEM_MS) return problem(id, seen, change)
  return surely > WARN_MS ? warning(id, seen, change) : ok(id, seen)
}

const length = (ms: number): string => (ms < 10_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1000)} s`)
