import type { EventAction } from '../../core/events.js'

/** What an event is about, as people filter by it; `account` is none of the others, and stands in the whole list alone. */
export type EventKind = 'sign-ins' | 'password' | 'factors' | 'sessions' | 'account'

const KINDS: Record<EventAction, EventKind> = {
  'auth.sign_in_succeeded': 'sign-ins',
  'auth.session_adopted': 'sign-ins',
  'auth.sign_in_failed': 'sign-ins',
  'auth.second_factor_failed': 'sign-ins',
  'auth.second_factor_throttled': 'sign-ins',
  'auth.step_up_passed': 'sign-ins',
  'auth.step_up_failed': 'sign-ins',
  'auth.recovery_code_used': 'factors',
  'auth.signed_out': 'sessions',
  'auth.session_revoked': 'sessions',
  'auth.password_changed': 'password',
  'auth.password_migrated': 'password',
  'auth.password_reset': 'password',
  'auth.not_me': 'account',
  'auth.invited': 'password',
  'auth.email_changed': 'account',
  'auth.2fa_enabled': 'factors',
  'auth.2fa_disabled': 'factors',
  'auth.2fa_recovery_codes_regenerated': 'factors',
  'auth.2fa_reset': 'factors',
  'auth.passkey_added': 'factors',
  'auth.passkey_removed': 'factors',
  'auth.browser_trusted': 'factors',
  'auth.trusted_browser_removed': 'factors',
  'auth.user_disabled': 'account',
  'auth.user_enabled': 'account',
  'auth.account_reviewed': 'account',
}

/** `account` for an action that another release has written and this one does not know. */
export const kindOf = (action: string): EventKind =>
  Object.hasOwn(KINDS, action) ? KINDS[action as EventAction] : 'account'

export const actionsOf = (kind: EventKind): string[] => Object.keys(KINDS).filter((action) => kindOf(action) === kind)
