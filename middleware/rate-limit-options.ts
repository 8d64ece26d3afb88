import type { Request } from 'express'
import type { Duration } from '../src/core/durations.js'

export interface RateLimitOptions {
  /** So many requests may come ... */
  points: number
  /** ... in so much time, which begins with the first of them. */
  per: Duration
  /** Who they are counted on. @default the user, or a visitor's network; also where this returns nothing */
  key?: (req: Request) => string | null | undefined
}
