import {
  SqliteDriver,
  type CompiledQuery,
  type DatabaseConnection,
  type QueryResult,
  type SqliteDatabase,
} from 'kysely'
import type { WriteAheadLog } from './write-ahead-log.js'

/** Statements that leave nothing to be written to the disk. */
const LEAVES_NOTHING = /^(select|begin|commit)\b/i

/** The one connection while somebody has it; knows whether it has changed anything. */
class LentConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection
  hasWritten = false

  constructor(connection: DatabaseConnection) {
    this.#connection = connection
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (query.sql === 'rollback') this.hasWritten = false
    else this.hasWritten ||= !LEAVES_NOTHING.test(query.sql)
    return this.#connection.executeQuery<R>(query)
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#connection.streamQuery<R>(query, chunkSize)
  }
}

/** Kysely's, except that a write is answered when the log is on the disk; meanwhile others have the connection. */
export class DurableSqliteDriver extends SqliteDriver {
  readonly #log: WriteAheadLog

  constructor(database: SqliteDatabase, log: WriteAheadLog) {
    super({ database })
    this.#log = log
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return new LentConnection(await super.acquireConnection())
  }

  override async releaseConnection(connection?: DatabaseConnection): Promise<void> {
    await super.releaseConnection()
    if (connection instanceof LentConnection && connection.hasWritten) await this.#log.onDisk()
  }

  override async destroy(): Promise<void> {
    await this.#log.close()
    await super.destroy()
  }
}
