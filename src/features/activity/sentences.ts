import type { EventAction, EventCatalogue } from '../../core/events.js'
import type { EventView } from '../../../views/models.js'

type Sentence = Pick<EventView, 'text' | 'values'>
type Key = EventView['text']

const say = (text: Key, values: EventView['values'] = {}): Sentence => ({ text, values })

/** `own`: the user did it; else it happened to them. */
type Teller<A extends EventAction> = (details: EventCatalogue[A], own: boolean) => Sentence

const REFUSED: Record<EventCatalogue['auth.sign_in_failed']['reason'], Key> = {
  invalid_credentials: 'activity.sign_in_failed',
  disabled: 'activity.sign_in_disabled',
  credential_changed: 'activity.sign_in_outdated',
  throttled: 'activity.sign_in_throttled',
  invalid_passkey: 'activity.passkey_failed',
  cloned_passkey: 'activity.passkey_copied',
}

const WRONG: Record<EventCatalogue['auth.second_factor_failed']['method'], Key> = {
  otp: 'activity.code_failed',
  rc: 'activity.recovery_code_failed',
  hwk: 'activity.passkey_failed',
}

const BECAUSE: Partial<Record<EventCatalogue['auth.session_revoked']['reason'], Key>> = {
  password_changed: 'activity.revoked_password',
  factor_changed: 'activity.revoked_factor',
  limit: 'activity.revoked_limit',
  disabled: 'activity.revoked_disabled',
}

/** What each event is in plain words. The page puts in device and place, in the language of whoever reads it. */
const TELLERS: { [A in EventAction]: Teller<A> } = {
  'auth.sign_in_succeeded': () => say('activity.signed_in'),
  'auth.session_adopted': () => say('activity.adopted'),
  'auth.sign_in_failed': ({ reason }) => say(REFUSED[reason] ?? 'activity.sign_in_failed'),
  'auth.signed_out': (_, own) => say(own ? 'activity.you_signed_out' : 'activity.signed_out'),
  'auth.session_revoked': ({ reason }, own) =>
    say(BECAUSE[reason] ?? (own ? 'activity.you_revoked' : 'activity.revoked')),
  'auth.password_changed': ({ initial }, own) => {
    if (initial) return say('activity.password_set')
    return say(own ? 'activity.you_changed_password' : 'activity.password_changed')
  },
  'auth.password_reset': () => say('activity.password_reset'),
  'auth.not_me': () => say('activity.not_me'),
  'auth.invited': () => say('activity.invited'),
  'auth.email_changed': () => say('activity.email_changed'),
  'auth.password_migrated': () => say('activity.password_migrated'),
  'auth.step_up_passed': () => say('activity.step_up_passed'),
  'auth.step_up_failed': () => say('activity.step_up_failed'),
  'auth.second_factor_failed': ({ method }) => say(WRONG[method] ?? 'activity.code_failed'),
  'auth.second_factor_throttled': () => say('activity.code_throttled'),
  'auth.2fa_enabled': ({ replaced }, own) => {
    if (replaced) return say(own ? 'activity.you_replaced_app' : 'activity.app_replaced')
    return say(own ? 'activity.you_enabled_two_factor' : 'activity.two_factor_enabled')
  },
  'auth.2fa_disabled': (_, own) => say(own ? 'activity.you_disabled_two_factor' : 'activity.two_factor_disabled'),
  'auth.2fa_recovery_codes_regenerated': (_, own) =>
    say(own ? 'activity.you_regenerated_codes' : 'activity.codes_regenerated'),
  'auth.recovery_code_used': ({ left }) => say('activity.recovery_code_used', { count: left }),
  'auth.2fa_reset': () => say('activity.two_factor_reset'),
  'auth.passkey_added': ({ name }, own) => say(own ? 'activity.you_added_passkey' : 'activity.passkey_added', { name }),
  'auth.passkey_removed': ({ name }, own) =>
    say(own ? 'activity.you_removed_passkey' : 'activity.passkey_removed', { name }),
  'auth.browser_trusted': () => say('activity.browser_trusted'),
  'auth.trusted_browser_removed': (_, own) => say(own ? 'activity.you_removed_browser' : 'activity.browser_removed'),
  'auth.user_disabled': () => say('activity.user_disabled'),
  'auth.user_enabled': () => say('activity.user_enabled'),
  'auth.account_reviewed': () => say('activity.reviewed'),
}

/** The sentence of an event as it is stored; one of another release that this one does not know has a sentence, too. */
export function sentenceOf(action: string, details: unknown, own: boolean): Sentence {
  if (!Object.hasOwn(TELLERS, action)) return say('activity.unknown')
  return (TELLERS[action as EventAction] as (details: unknown, own: boolean) => Sentence)(details, own)
}
