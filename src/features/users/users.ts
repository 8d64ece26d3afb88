import type { Database, Tx } from '../../stores/sql/database.js'

/** What a sign-in is measured against: read in one statement, before verification, and carried along (step 6). */
export interface Credential {
  epoch: number
  /** When the epoch was raised, milliseconds since the epoch; 0: never. */
  epochChangedAt: number
  passwordHash: string | null
  passwordChangedAt: number | null
  disabled: boolean
}

const NONE: Credential = { epoch: 0, epochChangedAt: 0, passwordHash: null, passwordChangedAt: null, disabled: false }

export async function readCredential(db: Database, userId: string): Promise<Credential> {
  const row = await db.selectFrom('security_users').selectAll().where('user_id', '=', userId).executeTakeFirst()
  if (!row) return NONE
  return {
    epoch: row.epoch,
    epochChangedAt: row.epoch_changed_at,
    passwordHash: row.password_hash,
    passwordChangedAt: row.password_changed_at,
    disabled: row.disabled_at !== null,
  }
}

/** Makes sure that there is a row to lock for a user of the host's table. */
export async function ensureUser(tx: Tx, userId: string): Promise<void> {
  await tx
    .insertInto('security_users')
    .values({ user_id: userId, epoch: 0, password_hash: null, password_changed_at: null, disabled_at: null })
    .onConflict((conflict) => conflict.column('user_id').doNothing())
    .execute()
}

/** Locks the user until the transaction ends; false when the epoch is another one, or the user is disabled. */
export async function lockEpoch(tx: Tx, userId: string, epoch: number): Promise<boolean> {
  await ensureUser(tx, userId)
  const { numUpdatedRows } = await tx
    .updateTable('security_users')
    .set({ epoch })
    .where('user_id', '=', userId)
    .where('epoch', '=', epoch)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Locks the user and raises the epoch; the new one, or null when it was not `ifEpoch`. */
export async function raiseEpoch(tx: Tx, userId: string, at: number, ifEpoch?: number): Promise<number | null> {
  const row = await tx
    .updateTable('security_users')
    .set((eb) => ({ epoch: eb('epoch', '+', 1), epoch_changed_at: at }))
    .where('user_id', '=', userId)
    .$if(ifEpoch !== undefined, (query) => query.where('epoch', '=', ifEpoch!))
    .returning('epoch')
    .executeTakeFirst()
  return row?.epoch ?? null
}

export async function setPasswordHash(tx: Tx, userId: string, hash: string, at: number): Promise<void> {
  await tx
    .updateTable('security_users')
    .set({ password_hash: hash, password_changed_at: at })
    .where('user_id', '=', userId)
    .execute()
}

/** Gives a user who has no password here the first one; false when there is one, or the epoch is another one, or the user is disabled. */
export async function setFirstPasswordHash(tx: Tx, userId: string, hash: string, epoch: number): Promise<boolean> {
  await ensureUser(tx, userId)
  const { numUpdatedRows } = await tx
    .updateTable('security_users')
    .set({ password_hash: hash })
    .where('user_id', '=', userId)
    .where('epoch', '=', epoch)
    .where('password_hash', 'is', null)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function setDisabled(tx: Tx, userId: string, at: number | null): Promise<void> {
  await tx.updateTable('security_users').set({ disabled_at: at }).where('user_id', '=', userId).execute()
}
