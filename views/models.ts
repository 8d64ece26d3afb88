import type { FieldErrors } from '../src/core/errors.js'
import type { MessageKey, MessageParams } from './messages/catalogue.js'

/** One session as pages and JSON show it. Times are ISO 8601 in UTC. */
export interface SessionView {
  id: string
  current: boolean
  device: { kind: 'desktop' | 'phone' | 'tablet' | 'unknown'; label: string }
  ip: string | null
  /** City and country, or null where nobody knows. */
  location: string | null
  createdAt: string
  lastActiveAt: string
}

export interface UserView {
  id: string
  email: string
  name: string
}

export interface SignInModel {
  /** Why the browser is asked to sign in (again), when there is something to say. */
  notice: MessageKey | null
  email: string
  remember: boolean
  returnTo: string | null
  errors: FieldErrors
}

export interface PasswordModel {
  /** False: the user has no password here. */
  managedHere: boolean
  /** Who keeps it: we, the host's own table, or an identity provider. */
  managedBy: 'here' | 'host' | 'idp'
  /** The host's own page for changing it, where it keeps the passwords and has one. */
  changePath: string | null
  changedAt: string | null
  rules: { key: MessageKey; count: number }[]
  errors: FieldErrors
}

export interface SecurityModel {
  user: UserView
  password: PasswordModel
  sessions: SessionView[]
}

export interface SessionsModel {
  sessions: SessionView[]
}

export interface StepUpModel {
  /** False: nothing that this user has can be asked for here; signing in again is the way. */
  canUsePassword: boolean
  returnTo: string | null
  errors: FieldErrors
}

export interface ErrorModel {
  status: number
  title: MessageKey
  text: MessageKey
  /** How long to wait, and the page to go on with then. */
  wait: { seconds: number; again: string | null } | null
}

/** Every page and its model: `render` takes no other. The same models answer `Accept: application/json`. */
export interface Views {
  'sign-in': SignInModel
  security: SecurityModel
  sessions: SessionsModel
  'step-up': StepUpModel
  error: ErrorModel
}

/** A short message shown once after a redirect. */
export interface Flash {
  key: MessageKey
  params: MessageParams
}

/** What the layout needs beside the model of a page. */
export interface PageContext {
  /** Path that all our addresses begin with, e.g. `/security`. */
  base: string
  /** Path of the page, to mark the entry of the navigation. */
  path: string
  productName: string
  language: string
  /** Milliseconds since the epoch; relative times are counted from here. */
  now: number
  user: UserView | null
  csrfToken: string
  /** Hidden fields that the host's own CSRF guard wants. */
  formFields: Record<string, string>
  flash: Flash | null
}
