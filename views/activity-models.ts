import type { DeviceView } from './device-view.js'
import type { MessageKey, MessageParams } from './messages/keys.js'
import type { PasswordModel } from './password-models.js'

/** Something that happened to the account. Times are ISO 8601 in UTC. */
export interface EventView {
  id: string
  /** A name of docs/audit-log.md: `auth.password_changed`. */
  action: string
  kind: 'sign-ins' | 'password' | 'factors' | 'sessions' | 'account'
  /** The sentence that tells it, and what it names. */
  text: MessageKey
  values: MessageParams
  /** Who did it: the user (`id` is theirs), an admin (`id` is null), a visitor, the host's own code, or a rule. */
  actor: { type: 'user' | 'visitor' | 'host' | 'system'; id: string | null }
  target: { type: 'user' | 'session' | 'passkey' | 'trusted_browser'; id: string }
  outcome: 'success' | 'failure'
  occurredAt: string
  ip: string | null
  /** The browser that it was done with. */
  device: DeviceView
  location: string | null
}

/** `GET /activity`. */
export interface ActivityModel {
  /** The newest first, 25 at most. */
  events: EventView[]
  /** Goes on below the last of them, as `?cursor=`; null: nothing follows. */
  nextCursor: string | null
  /** Goes on above the first of them, as `?newer=`; null: they are the newest. */
  newerCursor: string | null
  kind: 'all' | 'sign-ins' | 'password' | 'factors' | 'sessions'
  within: '24h' | '7d' | '30d' | 'all'
  /** True: the list begins with the newest event that the filter lets through. */
  first: boolean
}

/** `GET /secure-account`. */
export interface SecureAccountModel {
  /** How many of the steps below are still to be done. */
  left: number
  /** Done when it was changed within the last day; `elsewhere`: another one than this page keeps it, see `managedBy`. */
  password: Pick<PasswordModel, 'managedBy' | 'changePath' | 'changedAt'> & { state: 'done' | 'todo' | 'elsewhere' }
  /** Done when no other device is signed in. */
  sessions: { state: 'done' | 'todo'; others: number }
  /** Done when it is on. */
  twoFactor: { state: 'done' | 'todo'; enabledAt: string | null }
  /** Done when the user has said so within the last day; with the last five events. */
  activity: { state: 'done' | 'todo'; reviewedAt: string | null; events: EventView[] }
  /** The step that the host adds; null: none. */
  review: { label: string; href: string } | null
  /** Where somebody turns to who needs help: `mailto:` or `https:`; null: nobody is named. */
  support: string | null
}
