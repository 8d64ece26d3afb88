import type { PasskeyRow } from '../../stores/sql/schema.js'
import type { PasskeyView } from '../../../views/models.js'
import { keeperOf } from './aaguids.js'
import type { Passkeys } from './passkeys.js'

/** A user's passkeys as people see them; null where this origin can have none. */
export type ListPasskeys = (userId: string) => Promise<PasskeyView[] | null>

export const passkeyLister =
  (passkeys: Passkeys): ListPasskeys =>
  async (userId) =>
    passkeys.site && (await passkeys.list(userId)).map(viewOf)

export const viewOf = (row: PasskeyRow): PasskeyView => ({
  id: row.id,
  name: row.name,
  device: keeperOf(row.aaguid),
  synced: row.synced === 1,
  createdAt: new Date(row.created_at).toISOString(),
  lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at).toISOString(),
})
