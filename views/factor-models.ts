import type { FieldErrors } from '../src/core/errors.js'
import type { DeviceView } from './device-view.js'

/** The Two-factor card of the Security page. Times are ISO 8601 in UTC. */
export interface TwoFactorModel {
  enabled: boolean
  enabledAt: string | null
  /** True: this user may not turn it off. */
  enforced: boolean
  /** Null: there are none. `saved` is false until the user has ticked that they were saved. */
  recoveryCodes: { left: number; generation: string; saved: boolean } | null
  /** Of the form that turns it off. */
  errors: FieldErrors
  /** How many seconds the clock seems to be off that made the refused code; 0: that is not why. */
  clockOffBy: number
}

/** A passkey. `device` is what its model says it is, e.g. "iCloud Keychain"; null where nobody knows. */
export interface PasskeyView {
  id: string
  name: string
  device: string | null
  /** Whether the authenticator may copy it to the user's other devices. */
  synced: boolean
  createdAt: string
  lastUsedAt: string | null
}

/** A browser that is not asked for the second factor until `expiresAt`. */
export interface TrustedBrowserView {
  id: string
  current: boolean
  device: DeviceView
  ip: string | null
  location: string | null
  createdAt: string
  expiresAt: string
}

/** `GET /two-factor`: the second half of a sign-in; and again after a refusal. */
export interface TwoFactorSignInModel {
  /** Which form is shown. */
  using: 'code' | 'recovery_code'
  /** What this user could use. */
  methods: { code: boolean; recoveryCode: boolean; passkey: boolean }
  /** For so many days this browser can be trusted; null: the host trusts none. */
  trustDays: number | null
  trust: boolean
  returnTo: string | null
  /** Where somebody who has lost everything turns to: `mailto:` or `https:`; null: nobody is named. */
  support: string | null
  errors: FieldErrors
  clockOffBy: number
}

/** `GET /two-factor` for a user who must have a second factor and has none. */
export interface EnrolmentRequiredModel {
  support: string | null
}

/** `GET /totp/enrol`, and again after a refused code. */
export interface TotpEnrolModel {
  /** True: the QR code is older than ten minutes; there is no secret any more. */
  expired: boolean
  /** base32, 32 characters; empty when it has expired. */
  secret: string
  otpauthUrl: string
  /** The QR code of it: an `<svg>` element. */
  qr: string
  expiresAt: string | null
  /** What the app will call it. */
  issuer: string
  account: string
  /** True: another app is set up already, and this one takes its place. */
  replaces: boolean
  /** True: nothing else opens before this is done. */
  required: boolean
  errors: FieldErrors
  clockOffBy: number
}

/** The answer that shows recovery codes, once. */
export interface RecoveryCodesModel {
  recoveryCodes: string[]
  generation: string
  /** What has just happened. */
  because: 'enabled' | 'replaced' | 'regenerated'
  account: string
  /** Path to go on to when they are saved. */
  returnTo: string
}

/** `GET /step-up`, and again after a refusal. */
export interface StepUpModel {
  /** Which form is shown; null: nothing that this user has can be asked for here, signing in again is the way. */
  using: 'code' | 'recovery_code' | 'passkey' | 'password' | null
  /** What this user has. */
  methods: { code: boolean; recoveryCode: boolean; passkey: boolean; password: boolean }
  /** What is asked for, and must be set up first; null: nothing. */
  lacks: 'passkey' | 'code' | null
  /** What it is for, as the host calls it: "Change the payout account"; null: unnamed. */
  action: string | null
  returnTo: string | null
  /** Token of the form that waits to go on; null: none does. */
  suspended: string | null
  errors: FieldErrors
  clockOffBy: number
}

/** After a step-up: a form for a route of the host's, which goes on when its user says so. */
export interface ContinueModel {
  action: string | null
  /** Path that the form goes to. */
  path: string
  suspended: string
}
