import type { Clock } from './clock.js'

const EVERY_MS = 10_000
const KEPT = 100

/** Passes errors on, but the same message at most once in ten seconds: an outage is told, not shouted on every request. */
export function throttledReport(report: (error: unknown) => void, clock: Clock): (error: unknown) => void {
  const told = new Map<string, number>()
  return (error) => {
    const message = error instanceof Error ? `${error.name} ${error.message}` : String(error)
    const now = clock.monotonic()
    if (now - (told.get(message) ?? -Infinity) < EVERY_MS) return
    if (told.size >= KEPT) told.clear()
    told.set(message, now)
    try {
      report(error)
    } catch {
      // a logger that fails must not end the process
    }
  }
}
