import type { Request } from 'express'
import type { SessionReason } from '../src/core/reasons.js'
import { ANONYMOUS, type Decision } from '../src/features/sessions/session.js'

/** Ids whose browser has, or may have, a newer one under way: nothing is stored under them, and no cookie is sent over the newer one. */
export const SUPERSEDED: ReadonlySet<SessionReason> = new Set(['rotated', 'replaced', 'signed_out'])

/** What the gate knows of a request. Lives beside the request, where no host code can reach or forge it. */
export interface RequestState {
  /** SHA-256 of the id in the cookie; null without a cookie of ours. */
  idHash: string | null
  decision: Decision
}

/** The states of one `createSecurity`: a guard of another one in the same process sees nothing of them. */
export class RequestStates {
  readonly #states = new WeakMap<Request, RequestState>()
  readonly #arrivals = new WeakMap<object, number>()

  of(req: Request): RequestState {
    return this.#states.get(req) ?? { idHash: null, decision: ANONYMOUS }
  }

  set(req: Request, state: RequestState): void {
    this.#states.set(req, state)
  }

  /** Notes when the request came, milliseconds since the epoch. */
  arrive(req: object, now: number): void {
    if (!this.#arrivals.has(req)) this.#arrivals.set(req, now)
  }

  /** When the request came; null for one that did not come through the router. */
  arrivedAt(req: object): number | null {
    return this.#arrivals.get(req) ?? null
  }
}
