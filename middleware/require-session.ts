import type { RequestHandler } from 'express'
import { SecurityError, unavailable, type ErrorCode } from '../src/core/errors.js'
import type { SessionReason } from '../src/core/reasons.js'
import type { Decision, SessionRecord } from '../src/features/sessions/session.js'
import type { RequestStates } from './request-state.js'

/** Reasons that are no news to the person at the browser: they signed out, or never were signed in. */
const QUIET: ReadonlySet<SessionReason> = new Set(['unknown', 'rotated', 'signed_out', 'replaced'])

/** The record of a live session, or the refusal that says why there is none. */
export function liveRecord(decision: Decision): SessionRecord {
  if (decision.kind === 'live') return decision.record
  if (decision.kind === 'unavailable') throw unavailable(decision.cause)
  throw new SecurityError(refusalCode(decision))
}

function refusalCode(decision: Exclude<Decision, { kind: 'live' | 'unavailable' }>): ErrorCode {
  if (decision.kind === 'anonymous' || QUIET.has(decision.reason)) return 'sign_in_required'
  return decision.reason === 'expired' ? 'session_expired' : 'session_revoked'
}

/** Lets nobody pass who is not signed in. Refusals go to `security.errorHandler`. */
export function requireSession(states: RequestStates): RequestHandler {
  return function requireSession(req, _res, next) {
    liveRecord(states.of(req).decision)
    next()
  }
}
