import type { Duration } from './durations.js'

// Apart from the guards themselves, whose types know the gate's inside: what a host's compiler reads stays light.

export interface StepUpOptions {
  /** How long ago the last proof may be. @default '10m' */
  maxAge?: Duration
}

export interface ApiKeyOptions {
  /** What the key must be allowed to do, e.g. `['invoices:read']`. */
  scopes: readonly string[]
}
