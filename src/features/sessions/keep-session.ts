import { SecurityError } from '../../core/errors.js'
import type { AuthenticationMethod } from '../../core/users.js'
import type { Change } from '../../stores/sql/database.js'
import { putOnDeadList } from './ending.js'
import { recordOf, type SessionRecord } from './session.js'

/** A fresh proof, and the epoch under which it was verified. */
export interface Proof {
  userId: string
  epoch: number
  amr: AuthenticationMethod[]
  authenticatedAt: number
}

/** A session that outlives a change of its user's credential: `from` and `to` are hashes of its ids. */
export interface Kept {
  publicId: string
  from: string
  to: string
  /** What the change itself has proven. */
  proof?: Pick<Proof, 'amr' | 'authenticatedAt'>
}

export interface ChangeWhere {
  userId: string
  /** The session that stays. It must be alive when it is the one that asks: what has ended changes nothing any more. */
  except?: { publicId: string; mustLive: boolean } | undefined
  /** The session that stays, and goes on under a new id in the same transaction. It must be alive under the old one. */
  keep?: Kept
  /** The epoch under which the credential was verified; absent for calls that verify none. */
  ifEpoch?: number
}

/** What a fresh proof changes in a session's row. */
export const proven = (proof: Pick<Proof, 'amr' | 'authenticatedAt'> | null | undefined) =>
  proof && { amr: JSON.stringify(proof.amr), authenticated_at: proof.authenticatedAt }

/**
 * The session that a change leaves alive gets the new epoch, and its new id, in the change's own transaction: between
 * two transactions a second holder of the old id could rotate it away. Throws, and so undoes the change, when it has ended.
 */
export async function keepSession(
  change: Change,
  { userId, keep, except }: ChangeWhere,
  epoch: number,
  at: number,
): Promise<SessionRecord | null> {
  const publicId = keep?.publicId ?? except?.publicId
  if (!publicId) return null
  const row = await change.tx
    .updateTable('security_sessions')
    .set({ epoch, ...(keep && { id_hash: keep.to }), ...proven(keep?.proof) })
    .where('public_id', '=', publicId)
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .$if(keep !== undefined, (query) => query.where('id_hash', '=', keep!.from))
    .returningAll()
    .executeTakeFirst()
  if (!row && (keep || except?.mustLive)) throw new SecurityError('sign_in_required')
  if (!row || !keep) return null
  await putOnDeadList(change.tx, [{ ...row, id_hash: keep.from }], 'rotated', at)
  return recordOf(row)
}
