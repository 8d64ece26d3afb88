import type { CompiledQuery } from 'kysely'
import type { SessionData, StoredData } from '../../core/session-data.js'
import { whenFree, type Database } from './database.js'

/** Session data where there is no Redis. */
export class SqlSessionData implements SessionData {
  readonly #db: Database
  /** On the path of every request, so it is built once. */
  readonly #byIdHash: CompiledQuery<{ data: string }>

  constructor(db: Database) {
    this.#db = db
    this.#byIdHash = db.selectFrom('security_session_data').select('data').where('id_hash', '=', '').compile()
  }

  async load(idHash: string): Promise<StoredData | null> {
    const { rows } = await this.#db.executeQuery<{ data: string }>({ ...this.#byIdHash, parameters: [idHash] })
    const [row] = rows
    return row ? (JSON.parse(row.data) as StoredData) : null
  }

  async save(idHash: string, data: StoredData): Promise<void> {
    const row = { data: JSON.stringify(data), expires_at: data.expiresAt }
    const save = this.#db
      .insertInto('security_session_data')
      .values({ id_hash: idHash, ...row })
      .onConflict((conflict) => conflict.column('id_hash').doUpdateSet(row))
    await whenFree(() => save.execute())
  }

  async remove(idHash: string): Promise<void> {
    const remove = this.#db.deleteFrom('security_session_data').where('id_hash', '=', idHash)
    await whenFree(() => remove.execute())
  }
}
