import type { Request } from 'express'
import type { Duration } from '../src/core/durations.js'
import type { AuthenticationMethod } from '../src/core/users.js'

// Apart from the guard itself, whose types know the gate's inside: what a host's compiler reads stays light.

export interface StepUpOptions {
  /** How long ago the last proof may be. @default '10m' */
  maxAge?: Duration
  /**
   * One of these methods must have been used within `maxAge`: `['hwk']` asks for a passkey, whatever else was proven.
   * @default any method does
   */
  amr?: readonly AuthenticationMethod['method'][]
  /**
   * What the step-up page says it is for, in your user's language: `'Change the payout account'`.
   * @default nothing is said
   */
  action?: string | ((req: Request) => string)
}
