import type { Request } from 'express'
import { ANONYMOUS, type Decision } from '../src/features/sessions/session.js'

/** What the gate knows of a request. Lives beside the request, where no host code can reach or forge it. */
export interface RequestState {
  /** SHA-256 of the id in the cookie; null without a cookie of ours. */
  idHash: string | null
  decision: Decision
}

/** The states of one `createSecurity`: a guard of another one in the same process sees nothing of them. */
export class RequestStates {
  readonly #states = new WeakMap<Request, RequestState>()

  of(req: Request): RequestState {
    return this.#states.get(req) ?? { idHash: null, decision: ANONYMOUS }
  }

  set(req: Request, state: RequestState): void {
    this.#states.set(req, state)
  }
}
