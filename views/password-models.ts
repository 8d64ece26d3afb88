import type { FieldErrors } from '../src/core/errors.js'
import type { MessageKey } from './messages/keys.js'

/** A rule for new passwords. */
export interface RuleView {
  key: MessageKey
  /** The number that its text names, e.g. of characters. */
  count: number
  /** A regular expression (flag `u`) that a password has to match, for a page that says so while it is typed; null: only the server knows. */
  pattern: string | null
}

/** The Password card of the Security page. */
export interface PasswordModel {
  /** False: the user has no password here. */
  managedHere: boolean
  /** Who keeps it: we, the host's own table, or an identity provider. */
  managedBy: 'here' | 'host' | 'idp'
  /** The host's own page for changing it, where it keeps the passwords and has one. */
  changePath: string | null
  changedAt: string | null
  /** So many days ago it was changed, where a reminder is due; null: none is. */
  dueDays: number | null
  rules: RuleView[]
  errors: FieldErrors
}

/** `GET /forgot-password`, and again after a refusal. */
export interface ForgotPasswordModel {
  /** True: it was sent; the page says the same to everybody. */
  sent: boolean
  email: string
  errors: FieldErrors
}

/** `GET /reset-password` with a link that is good, and again after a refusal. */
export interface ResetPasswordModel {
  /** Whose password it is. */
  email: string
  /** Which link the form is for: a hidden field, so that a link opened meanwhile does not change whose it is. */
  link: string
  /** True: the account has been made for somebody, who chooses the first password. */
  invited: boolean
  rules: RuleView[]
  errors: FieldErrors
}

/** A link from a mail that is good no more, or never was. */
export interface LinkDeadModel {
  /** True: the mail was a notice, "This wasn't me"; else one with a link to choose a password. */
  notice: boolean
  /** Whether a new link can be asked for. */
  canReset: boolean
}

/** `GET /not-me`: asks before it is done, and says that it was. */
export interface NotMeModel {
  /** Whose account it is; null: nobody of the kind exists any more. */
  email: string | null
  /** Which link the form is for: a hidden field. */
  link: string
  done: boolean
  /** What is, or was, sent to choose a new password with: a link, word to sign in with the organization, or nothing. */
  mailed: 'link' | 'sso' | null
}
