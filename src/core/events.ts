import type { SessionReason } from './reasons.js'

/** Everything that Sallyport tells: action -> its own details. Names are stable; the audit log and `security.on` use them. */
export interface EventCatalogue {
  'auth.sign_in_succeeded': { sessionId: string; amr: string[]; remembered: boolean }
  'auth.session_adopted': { sessionId: string }
  'auth.sign_in_failed':
    | { reason: 'invalid_credentials' | 'disabled' | 'credential_changed' }
    /** A wait has begun: attempts that count on the same account, network or device are refused for so many seconds. */
    | { reason: 'throttled'; lane: 'account' | 'network' | 'device' | 'session'; seconds: number }
  'auth.signed_out': { sessionId: string }
  'auth.session_revoked': { sessionId: string; reason: SessionReason }
  'auth.password_changed': { sessionsRevoked: number }
  'auth.step_up_passed': { sessionId: string; amr: string[] }
  'auth.step_up_failed': { sessionId: string }
  'auth.user_disabled': { sessionsRevoked: number }
  'auth.user_enabled': Record<string, never>
}

export type EventAction = keyof EventCatalogue

/** Who did it. `system` is a rule of Sallyport, `host` a call of the app's own code. */
export type Actor = { type: 'user'; id: string } | { type: 'host' } | { type: 'system' } | { type: 'visitor' }

/** Where a request came from, as far as we know. All of it is untrusted text except `ip`. */
export interface Origin {
  ip: string | null
  userAgent: string | null
}

export interface SecurityEvent<A extends EventAction = EventAction> {
  action: A
  actor: Actor
  /** The user it happened to; null when nobody of that name exists. */
  userId: string | null
  outcome: 'success' | 'failure'
  /** Milliseconds since the epoch, by the context's clock. */
  occurredAt: number
  origin: Origin
  details: EventCatalogue[A]
}

export const NO_ORIGIN: Origin = { ip: null, userAgent: null }
