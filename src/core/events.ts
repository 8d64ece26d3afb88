import type { SessionReason } from './reasons.js'

/** Everything that Sallyport tells: action -> its own details. Names are stable; the audit log and `security.on` use them. */
export interface EventCatalogue {
  /** `newDevice`: the user has signed in before, but not in this browser. */
  'auth.sign_in_succeeded': { sessionId: string; amr: string[]; remembered: boolean; newDevice: boolean }
  'auth.session_adopted': { sessionId: string }
  'auth.sign_in_failed':
    | { reason: 'invalid_credentials' | 'disabled' | 'credential_changed' | 'invalid_passkey' | 'cloned_passkey' }
    /** A wait has begun: attempts that count on the same account, network or device are refused for so many seconds. */
    | { reason: 'throttled'; lane: 'account' | 'network' | 'device' | 'session' | 'factor'; seconds: number }
  'auth.signed_out': { sessionId: string }
  'auth.session_revoked': { sessionId: string; reason: SessionReason }
  /** `initial`: there was none before. */
  'auth.password_changed': { sessionsRevoked: number; initial: boolean }
  /** With a link from a mail. */
  'auth.password_reset': { sessionsRevoked: number; initial: boolean }
  /** Somebody said that what happened at `about` (milliseconds since the epoch) was not them. */
  'auth.not_me': { sessionsRevoked: number; about: number }
  /** A link was sent with which to choose a first password. */
  'auth.invited': Record<string, never>
  'auth.email_changed': Record<string, never>
  /** An old hash of the host's table was replaced by one of ours; the password is the same. */
  'auth.password_migrated': Record<string, never>
  'auth.step_up_passed': { sessionId: string; amr: string[] }
  'auth.step_up_failed': { sessionId: string }
  'auth.second_factor_failed': { method: 'otp' | 'rc' | 'hwk'; reason: string }
  'auth.second_factor_throttled': { seconds: number }
  'auth.2fa_enabled': { sessionsRevoked: number; replaced: boolean }
  'auth.2fa_disabled': { sessionsRevoked: number }
  'auth.2fa_recovery_codes_regenerated': Record<string, never>
  'auth.recovery_code_used': { left: number }
  'auth.2fa_reset': { reason: string; sessionsRevoked: number; passkeysRemoved: number }
  'auth.passkey_added': { passkeyId: string; name: string }
  'auth.passkey_removed': { passkeyId: string; name: string }
  'auth.browser_trusted': { browserId: string }
  'auth.trusted_browser_removed': { browserId: string }
  'auth.user_disabled': { sessionsRevoked: number }
  'auth.user_enabled': Record<string, never>
  /** The user has said to have looked through their activity. */
  'auth.account_reviewed': Record<string, never>
}

export type EventAction = keyof EventCatalogue

/** Who did it. `system` is a rule of Sallyport, `host` a call of the app's own code. */
export type Actor = { type: 'user'; id: string } | { type: 'host' } | { type: 'system' } | { type: 'visitor' }

/** Where a request came from, as far as we know. All of it is untrusted text except `ip`. */
export interface Origin {
  ip: string | null
  userAgent: string | null
  /** `Accept-Language` as the browser sent it, for mails about it. */
  language?: string | null
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
