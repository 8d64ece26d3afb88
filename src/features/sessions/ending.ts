import type { Actor, Origin } from '../../core/events.js'
import type { SessionReason } from '../../core/reasons.js'
import type { Change, Tx } from '../../stores/sql/database.js'
import type { SessionRow } from '../../stores/sql/schema.js'

/** Who ends sessions, when and why; travels into the audit row. */
export interface Ending {
  reason: SessionReason
  at: number
  actor: Actor
  origin: Origin
}

type Ended = Pick<SessionRow, 'public_id' | 'id_hash' | 'user_id' | 'expires_at'>

/** Step 0: puts ids on the dead list, in the very transaction that kills them, and drops what the host stored under them. */
export async function putOnDeadList(tx: Tx, rows: readonly Ended[], reason: SessionReason, at: number): Promise<void> {
  if (rows.length === 0) return
  await tx
    .insertInto('security_dead_ids')
    .values(
      rows.map((row) => ({
        id_hash: row.id_hash,
        public_id: row.public_id,
        reason,
        died_at: at,
        until: row.expires_at,
        buried: 0 as const,
      })),
    )
    .execute()
  await tx
    .deleteFrom('security_session_data')
    .where(
      'id_hash',
      'in',
      rows.map((row) => row.id_hash),
    )
    .execute()
}

const SIGN_OUT: ReadonlySet<SessionReason> = new Set(['signed_out', 'replaced'])

/** Says what happened to sessions that this transaction has ended. Sessions that time ended are no news. */
export async function recordEnded(change: Change, rows: readonly Ended[], ending: Ending): Promise<void> {
  if (ending.reason === 'expired') return
  const common = { actor: ending.actor, outcome: 'success' as const, occurredAt: ending.at, origin: ending.origin }
  for (const row of rows) {
    const event = { ...common, userId: row.user_id }
    if (SIGN_OUT.has(ending.reason)) {
      await change.record<'auth.signed_out'>({
        ...event,
        action: 'auth.signed_out',
        details: { sessionId: row.public_id },
      })
    } else {
      await change.record<'auth.session_revoked'>({
        ...event,
        action: 'auth.session_revoked',
        details: { sessionId: row.public_id, reason: ending.reason },
      })
    }
  }
}

/** A dead id to bury, and the reason that its tombstone tells. */
export interface DeadId {
  idHash: string
  reason: SessionReason
}

/** All ids of these sessions that are dead, also those that somebody else's revoke, rotation or crash has left unburied. */
export async function deadIdsOf(tx: Tx, publicIds: readonly string[]): Promise<DeadId[]> {
  if (publicIds.length === 0) return []
  return tx
    .selectFrom('security_dead_ids')
    .select(['id_hash as idHash', 'reason'])
    .where('public_id', 'in', publicIds)
    .execute()
}

/** The user's dead ids that are not marked as buried, whoever ended them. */
export async function unburiedOf(tx: Tx, userId: string): Promise<DeadId[]> {
  return tx
    .selectFrom('security_dead_ids')
    .innerJoin('security_sessions', 'security_sessions.public_id', 'security_dead_ids.public_id')
    .select(['security_dead_ids.id_hash as idHash', 'security_dead_ids.reason'])
    .where('security_sessions.user_id', '=', userId)
    .where('security_dead_ids.buried', '=', 0)
    .execute()
}
