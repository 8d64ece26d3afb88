import type { FieldErrors } from '../src/core/errors.js'
import type {
  ContinueModel,
  EnrolmentRequiredModel,
  PasskeyView,
  RecoveryCodesModel,
  StepUpModel,
  TotpEnrolModel,
  TrustedBrowserView,
  TwoFactorModel,
  TwoFactorSignInModel,
} from './factor-models.js'
import type { ActivityModel, SecureAccountModel } from './activity-models.js'
import type { DeviceView } from './device-view.js'
import type {
  ForgotPasswordModel,
  LinkDeadModel,
  NotMeModel,
  PasswordModel,
  ResetPasswordModel,
} from './password-models.js'
import type { MessageKey, MessageParams } from './messages/keys.js'
import type { Words } from './words.js'

export type { EventView, ActivityModel, SecureAccountModel } from './activity-models.js'
export type { DeviceView } from './device-view.js'
export type {
  TwoFactorModel,
  PasskeyView,
  TrustedBrowserView,
  TwoFactorSignInModel,
  EnrolmentRequiredModel,
  TotpEnrolModel,
  RecoveryCodesModel,
  StepUpModel,
  ContinueModel,
} from './factor-models.js'
export type {
  RuleView,
  PasswordModel,
  ForgotPasswordModel,
  ResetPasswordModel,
  LinkDeadModel,
  NotMeModel,
} from './password-models.js'

/** One session as pages and JSON show it. Times are ISO 8601 in UTC. */
export interface SessionView {
  id: string
  current: boolean
  device: DeviceView
  ip: string | null
  /** City and country, or null where nobody knows: in English as JSON, on a page in its language where the database has that. */
  location: string | null
  createdAt: string
  lastActiveAt: string
}

/** Whose account it is, as the record knows it. */
export interface UserView {
  id: string
  email: string
  name: string
}

/** `GET /sign-in`, and again after a refusal. */
export interface SignInModel {
  /** Why the browser is asked to sign in (again), when there is something to say. */
  notice: MessageKey | null
  email: string
  remember: boolean
  returnTo: string | null
  /** False: passkeys do not work at this origin. */
  passkeys: boolean
  /** Whether a forgotten password can be replaced by way of a mail. */
  canReset: boolean
  errors: FieldErrors
}

/** `GET /`: the Security page; again after a refused form of one of its cards. */
export interface SecurityModel {
  user: UserView
  password: PasswordModel
  twoFactor: TwoFactorModel
  /** Null: passkeys do not work at this origin. */
  passkeys: PasskeyView[] | null
  sessions: SessionView[]
  /** Null: the host trusts no browsers. */
  trustedBrowsers: TrustedBrowserView[] | null
}

/** `GET /sessions`. */
export interface SessionsModel {
  /** All of them, whichever page of the list is shown. */
  sessions: SessionView[]
  /** Which page of the list is asked for, `?page=2`, counted from 1; it may be one that there is not. */
  listPage: number
}

/** `GET /sessions/:id/revoke` and `GET /sessions/revoke-others`: asks before it is done. */
export interface RevokeModel {
  /** The session that will end; null: all but the current one. */
  session: SessionView | null
  /** How many sessions will end. */
  count: number
  /** Path of the page to go back to. */
  returnTo: string
}

/** What was refused or went wrong. */
export interface ErrorModel {
  status: number
  title: MessageKey
  text: MessageKey
  /** How long to wait, in seconds; null: trying again at once may help as well. */
  wait: number | null
  /** Path of the page to try again, where that may help. */
  again: string | null
}

/** Every page and its model: `render` takes no other. The same models answer `Accept: application/json`. */
export interface Views {
  'sign-in': SignInModel
  security: SecurityModel
  sessions: SessionsModel
  revoke: RevokeModel
  activity: ActivityModel
  'secure-account': SecureAccountModel
  'step-up': StepUpModel
  continue: ContinueModel
  'two-factor': TwoFactorSignInModel
  'enrolment-required': EnrolmentRequiredModel
  'totp-enrol': TotpEnrolModel
  'recovery-codes': RecoveryCodesModel
  'forgot-password': ForgotPasswordModel
  'reset-password': ResetPasswordModel
  'link-dead': LinkDeadModel
  'not-me': NotMeModel
  error: ErrorModel
}

/** A short message shown once after a redirect. */
export interface Flash {
  key: MessageKey
  params: MessageParams
  /** What it is about, to be shown with a light behind it: the name of a card. */
  changed?: 'password' | 'two-factor' | 'passkeys' | 'sessions' | 'trusted-browsers' | 'activity'
}

/** An entry of the navigation, of ours or of the host's. */
export interface NavigationEntry {
  label: string
  /** A path of this origin. */
  href: string
  current?: boolean
}

/** What the layout needs beside the model of a page. */
export interface PageContext {
  /** Path that all our addresses begin with, e.g. `/security`. */
  base: string
  productName: string
  /** Where somebody reports a vulnerability to: `mailto:` or `https:`; null: nobody is named. */
  securityContact: string | null
  /** Path of the product's logo; null: its name alone. */
  logo: string | null
  /** Language of the page, e.g. `de`. */
  language: string
  /** Milliseconds since the epoch; relative times are counted from here. */
  now: number
  /** Who is signed in; null: a visitor. */
  user: UserView | null
  navigation: {
    /** The host's own. */
    host: readonly NavigationEntry[]
    /** Ours, the Security page first. */
    account: readonly NavigationEntry[]
    /** For admins of an organization. */
    admin: readonly NavigationEntry[]
  }
  /** Addresses of the style sheets, the host's last, and of the script. */
  styles: readonly string[]
  scripts: readonly string[]
  /** The value of the hidden field `csrfToken` that every form needs. */
  csrfToken: string
  /** Hidden fields that the host's own CSRF guard wants. */
  formFields: Record<string, string>
  flash: Flash | null
}

/** What an engine of the host's own gets: the model of the page, what stands around it, and the words for both. */
export type PageModel<K extends keyof Views = keyof Views> = Views[K] & { page: PageContext; words: Words }

type RenderArguments<R> = { [K in keyof Views]: [res: R, name: K, model: PageModel<K>] }[keyof Views]

/** Answers with a page of the host's own. Returns (or resolves with) false for a page that ours shall be shown for. */
export type RenderPage<R> = (...page: RenderArguments<R>) => unknown
