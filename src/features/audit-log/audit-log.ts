import { randomToken } from '../../core/crypto.js'
import type { Database, InTransaction, Tx } from '../../stores/sql/database.js'

let written = 0

/** Sorts by time, and within a millisecond in the order in which this process wrote: so lists tell what led to what. */
function nextId(at: number): string {
  written = (written + 1) % 36 ** 4
  return `${at.toString(36).padStart(9, '0')}${written.toString(36).padStart(4, '0')}${randomToken(9)}`
}

/** The audit log is written by one subscriber, and no feature knows of it; some read it. The row is committed with the change it tells of. */
export const writeAuditRow: InTransaction = async (tx, event) => {
  await tx
    .insertInto('security_audit_events')
    .values({
      id: nextId(event.occurredAt),
      action: event.action,
      actor_type: event.actor.type,
      actor_id: 'id' in event.actor ? event.actor.id : null,
      user_id: event.userId,
      outcome: event.outcome,
      occurred_at: event.occurredAt,
      ip: event.origin.ip,
      user_agent: event.origin.userAgent?.slice(0, 512) ?? null,
      details: JSON.stringify(event.details),
    })
    .execute()
}

const LOOKED_BACK_MS = 15 * 60_000
const LOOKED_AT = 200

/** How often signing in has failed, by password or second factor, in the 15 minutes before, and since it last succeeded. */
export async function failuresBeforeSignIn(tx: Tx, userId: string, at: number): Promise<number> {
  const rows = await tx
    .selectFrom('security_audit_events')
    .select(['action', 'details'])
    .where('user_id', '=', userId)
    .where('occurred_at', '>', at - LOOKED_BACK_MS)
    .where('occurred_at', '<=', at)
    .where('action', 'in', ['auth.sign_in_failed', 'auth.second_factor_failed', 'auth.sign_in_succeeded'])
    .orderBy('occurred_at', 'desc')
    .limit(LOOKED_AT)
    .execute()
  const own = rows.findIndex(({ action }) => action === 'auth.sign_in_succeeded')
  const earlier = rows.slice(own + 1)
  const last = earlier.findIndex(({ action }) => action === 'auth.sign_in_succeeded')
  return earlier.slice(0, last < 0 ? undefined : last).filter(({ details }) => !isWait(details)).length
}

/** True when somebody has ever signed in as this user. */
export async function hasSignedIn(db: Database, userId: string): Promise<boolean> {
  const row = await db
    .selectFrom('security_audit_events')
    .select('id')
    .where('user_id', '=', userId)
    .where('action', '=', 'auth.sign_in_succeeded')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** A wait that begins is a row beside that of the failure. */
const isWait = (details: string) => (JSON.parse(details) as { reason?: string }).reason === 'throttled'
