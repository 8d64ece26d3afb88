import type { FieldErrors } from '../src/core/errors.js'
import type { MessageKey, MessageParams } from './messages/keys.js'
import type { Words } from './words.js'

/** One session as pages and JSON show it. Times are ISO 8601 in UTC. */
export interface SessionView {
  id: string
  current: boolean
  /** `label` is `browser` and `system` in English words: "Firefox on Linux", "Unknown device". */
  device: {
    kind: 'desktop' | 'phone' | 'tablet' | 'unknown'
    label: string
    browser: string | null
    system: string | null
  }
  ip: string | null
  /** City and country, or null where nobody knows. */
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
  errors: FieldErrors
}

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
  rules: RuleView[]
  errors: FieldErrors
}

/** `GET /`: the Security page; again after a refused change of the password. */
export interface SecurityModel {
  user: UserView
  password: PasswordModel
  sessions: SessionView[]
}

/** `GET /sessions`. */
export interface SessionsModel {
  sessions: SessionView[]
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

/** `GET /step-up`, and again after a refusal. */
export interface StepUpModel {
  /** False: nothing that this user has can be asked for here; signing in again is the way. */
  canUsePassword: boolean
  returnTo: string | null
  errors: FieldErrors
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
  'step-up': StepUpModel
  error: ErrorModel
}

/** A short message shown once after a redirect. */
export interface Flash {
  key: MessageKey
  params: MessageParams
  /** What it is about, to be shown with a light behind it: the name of a card. */
  changed?: 'password' | 'sessions'
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
