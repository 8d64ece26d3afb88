import type { EventAction, SecurityEvent } from '../../core/events.js'
import type { NoticeKind } from '../../core/mail.js'
import type { InTransaction, Tx } from '../../stores/sql/database.js'
import { failuresBeforeSignIn, hasSignedIn } from '../audit-log/audit-log.js'
import type { MailOrder, Outbox } from './outbox.js'

type Notice = Pick<MailOrder, 'params'> & { kind: NoticeKind }
type About<A extends EventAction> = (event: SecurityEvent<A>, tx: Tx) => Promise<Notice | null> | Notice | null

/** So many failures before a sign-in are told of. */
const SUSPICIOUS = 5

const ABOUT: { [A in EventAction]?: About<A> } = {
  'auth.password_changed': async (event, tx) => ((await isNoNews(event, tx)) ? null : { kind: 'password_changed' }),
  'auth.password_reset': async (event, tx) => ((await isNoNews(event, tx)) ? null : { kind: 'password_reset' }),
  'auth.2fa_enabled': ({ details }) => ({ kind: 'two_factor_enabled', params: { replaced: Number(details.replaced) } }),
  'auth.2fa_disabled': () => ({ kind: 'two_factor_disabled' }),
  'auth.2fa_recovery_codes_regenerated': () => ({ kind: 'recovery_codes_regenerated' }),
  'auth.recovery_code_used': ({ details }) => ({ kind: 'recovery_code_used', params: { count: details.left } }),
  'auth.2fa_reset': () => ({ kind: 'admin_reset' }),
  'auth.passkey_added': ({ details }) => ({ kind: 'passkey_added', params: { passkey: details.name } }),
  'auth.passkey_removed': ({ details }) => ({ kind: 'passkey_removed', params: { passkey: details.name } }),
  'auth.sign_in_succeeded': aboutSignIn,
}

/** The first password of an account that has just been made, or imported: nobody has signed in to it yet. */
async function isNoNews(
  { details, userId }: SecurityEvent<'auth.password_changed' | 'auth.password_reset'>,
  tx: Tx,
): Promise<boolean> {
  return details.initial && userId !== null && !(await hasSignedIn(tx, userId))
}

/** Many failures and then a success is somebody who was let in by the last guess; that the device is new goes without saying. */
async function aboutSignIn(event: SecurityEvent<'auth.sign_in_succeeded'>, tx: Tx): Promise<Notice | null> {
  const count = event.userId === null ? 0 : await failuresBeforeSignIn(tx, event.userId, event.occurredAt)
  if (count >= SUSPICIOUS) return { kind: 'suspicious_sign_in', params: { count } }
  return event.details.newDevice ? { kind: 'new_device' } : null
}

/** Tells users of what happens to their accounts: a mail is written down in the transaction of what it tells of. */
export function noticesOf(outbox: Outbox): InTransaction {
  return async (tx, event) => {
    const about = ABOUT[event.action] as About<EventAction> | undefined
    if (!outbox.enabled || event.userId === null || !about) return
    const notice = await about(event, tx)
    if (!notice) return
    const { userId, occurredAt, origin } = event
    await outbox.write(tx, { userId, occurredAt, origin, ...notice })
  }
}
