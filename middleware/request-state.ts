import type { Request } from 'express'
import { ANONYMOUS, type Decision } from '../src/features/sessions/session.js'

/** What the gate knows of a request. Lives beside the request, where no host code can reach or forge it. */
export interface RequestState {
  /** SHA-256 of the id in the cookie; null without a cookie of ours. */
  idHash: string | null
  decision: Decision
}

const states = new WeakMap<Request, RequestState>()

export const stateOf = (req: Request): RequestState => states.get(req) ?? { idHash: null, decision: ANONYMOUS }
export const setState = (req: Request, state: RequestState): void => void states.set(req, state)
