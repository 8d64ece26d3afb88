import { LinkCookie } from '../middleware/link-cookie.js'
import { AuditLogReader } from './features/audit-log/reader.js'
import type { NotMeLinks } from './features/notices/not-me.js'
import type { Outbox } from './features/notices/outbox.js'
import type { OneTimeSecrets } from './features/one-time-secrets/one-time-secrets.js'
import { PasswordReset } from './features/password-reset/password-reset.js'
import type { Passwords } from './features/passwords/passwords.js'
import type { Sessions } from './features/sessions/sessions.js'
import type { Throttle } from './features/throttle/throttle.js'
import type { Configuration } from './configuration.js'
import type { Changes, Database } from './stores/sql/database.js'

interface Parts {
  db: Database
  changes: Changes
  secrets: OneTimeSecrets
  outbox: Outbox
  notMe: NotMeLinks
  passwords: Passwords
  sessions: Sessions
  throttle: Throttle
}

export type Recovery = ReturnType<typeof openRecovery>

/** Everything about accounts that their owner cannot get into, or fears for, joined. */
export function openRecovery(
  config: Configuration,
  { db, changes, secrets, outbox, notMe, passwords, sessions, throttle }: Parts,
) {
  const { clock, users, basePath, secure, report } = config
  const cookie = (name: string) => new LinkCookie({ name, secrets: config.secret, secure, clock, basePath })
  const atHost = config.hostPasswords !== null
  const reader = new AuditLogReader(db)
  const parts = { db, changes, clock, users, secrets, outbox, passwords, sessions, throttle, basePath, atHost, report }
  return {
    passwordReset: new PasswordReset({ ...parts, reader }),
    resetCookie: cookie('reset'),
    notMeLinks: notMe,
    notMeCookie: cookie('not_me'),
  }
}
