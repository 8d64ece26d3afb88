import { randomToken } from '../../core/crypto.js'
import type { InTransaction } from '../../stores/sql/database.js'

/** The audit log is one subscriber; no feature knows it. The row is committed with the change it tells of. */
export const writeAuditRow: InTransaction = async (tx, event) => {
  await tx
    .insertInto('security_audit_events')
    .values({
      id: randomToken(12),
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
