import type { EventAction } from '../../core/events.js'
import type { Database } from '../../stores/sql/database.js'
import type { AuditEventRow } from '../../stores/sql/schema.js'
import { actionsOf, type EventKind } from './kinds.js'

/** A place in the list: the event that a page began or ended with. Events that are new meanwhile move nothing. */
export interface Cursor {
  occurredAt: number
  id: string
}

export interface Question {
  /** Null: all kinds. */
  kind: EventKind | null
  /** Only what has happened since, milliseconds since the epoch; null: whenever it was. */
  since: number | null
  /** Only what stands below it; null: from the newest on. */
  after: Cursor | null
  /** Only the nearest that stand above it; null or nothing: all. */
  above?: Cursor | null
  /** So many at most. */
  limit: number
}

/** A page of the list, the newest first; `next` and `previous` are null where nothing follows or stands above. */
export interface AuditPage {
  rows: AuditEventRow[]
  next: Cursor | null
  previous: Cursor | null
}

/** Reads what the audit log tells of one user: what happened to them, and to nobody else. */
export class AuditLogReader {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async ofUser(userId: string, question: Question): Promise<AuditPage> {
    const { after, above, limit } = question
    const found = await this.#rows(userId, question)
    const isWhole = found.length <= limit
    if (above && isWhole) return this.ofUser(userId, { ...question, above: null, after: null }) // the first page, full
    const rows = above ? found.slice(0, limit).toReversed() : found.slice(0, limit)
    const [first, last] = [rows.at(0), rows.at(-1)]
    return {
      rows,
      next: last && (above || !isWhole) ? placeOf(last) : null,
      previous: first && (above || after) ? placeOf(first) : null,
    }
  }

  /** One more than asked for, if there is one; from `above` on upwards. */
  #rows(userId: string, { kind, since, after, above, limit }: Question): Promise<AuditEventRow[]> {
    let query = this.#db.selectFrom('security_audit_events').selectAll().where('user_id', '=', userId)
    if (kind !== null) query = query.where('action', 'in', actionsOf(kind))
    if (since !== null) query = query.where('occurred_at', '>=', since)
    if (after !== null)
      query = query.where((eb) =>
        eb.and([
          eb('occurred_at', '<=', after.occurredAt), // so that the index is read from here on
          eb.or([eb('occurred_at', '<', after.occurredAt), eb('id', '<', after.id)]),
        ]),
      )
    if (above)
      query = query.where((eb) =>
        eb.and([
          eb('occurred_at', '>=', above.occurredAt),
          eb.or([eb('occurred_at', '>', above.occurredAt), eb('id', '>', above.id)]),
        ]),
      )
    const order = above ? 'asc' : 'desc'
    return query
      .orderBy('occurred_at', order)
      .orderBy('id', order)
      .limit(limit + 1)
      .execute()
  }

  /** When this last happened to a user; null: never. */
  async lastAt(userId: string, action: EventAction): Promise<number | null> {
    const row = await this.#db
      .selectFrom('security_audit_events')
      .select('occurred_at')
      .where('user_id', '=', userId)
      .where('action', '=', action)
      .orderBy('occurred_at', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row?.occurred_at ?? null
  }
}

const placeOf = ({ occurred_at, id }: AuditEventRow): Cursor => ({ occurredAt: occurred_at, id })

const CURSOR = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/

export const cursorText = ({ occurredAt, id }: Cursor): string => `${occurredAt}.${id}`

/** What an address says; null for anything that is no cursor. It opens nothing: whose events are read is not in it. */
export function cursorOf(text: unknown): Cursor | null {
  const [, occurredAt, id] = (typeof text === 'string' && CURSOR.exec(text)) || []
  return occurredAt === undefined || id === undefined ? null : { occurredAt: Number(occurredAt), id }
}
