import type { Tx } from '../../stores/sql/database.js'

/** Deletes all passkeys of somebody who has lost them, in the transaction of the change; says how many there were. */
export async function erasePasskeys(tx: Tx, userId: string): Promise<number> {
  const { numDeletedRows } = await tx.deleteFrom('security_passkeys').where('user_id', '=', userId).executeTakeFirst()
  return Number(numDeletedRows)
}
