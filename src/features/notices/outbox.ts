import { sql } from 'kysely'
import type { Clock } from '../../core/clock.js'
import { randomToken } from '../../core/crypto.js'
import type { Envelopes } from '../../core/envelope.js'
import type { Origin } from '../../core/events.js'
import { isNotice, LINK_MS, type MailKind, type NoticeKind } from '../../core/mail.js'
import { whenFree, type Database, type Tx } from '../../stores/sql/database.js'
import { deleteOld } from '../../stores/sql/delete-old.js'
import { isPostgres } from '../../stores/sql/dialect.js'
import type { OutboxRow } from '../../stores/sql/schema.js'

/** A mail to a user. What it says is made when it is sent: the address is asked for then, the words are of this version. */
export interface MailOrder {
  kind: MailKind
  userId: string
  /** @default the address that the user has when it is sent */
  to?: string
  occurredAt: number
  origin: Origin
  /** What its text names: a number of codes, the name of a passkey. Untrusted text. */
  params?: Record<string, string | number>
  /** A path with a token in it, e.g. of a reset; it is in the envelope, and nowhere after the mail was sent. */
  path?: string
}

/** A mail that this process tries to send now; for a minute nobody else does. */
export interface Claimed {
  /** Public id, of which its Message-ID is made. */
  id: string
  /** How often it was tried, this time included. */
  attempts: number
  createdAt: number
  /** Envelope of the order. */
  content: string
}

/** What an operator has to know of mails that were not sent. */
export interface Unsent {
  /** So many were tried for a day, and are not tried again. */
  givenUp: number
  /** So many have failed, and are tried again. */
  failing: number
  /** Why the one that failed last did. */
  failure: string | null
}

export async function unsentMails(db: Database): Promise<Unsent> {
  const rows = await db
    .selectFrom('security_outbox')
    .select(['due_at', 'failure', (of) => of.fn.countAll<number | string>().as('count')])
    .where('content', 'is not', null)
    .where('failure', 'is not', null)
    .groupBy(['due_at', 'failure'])
    .orderBy('due_at')
    .execute()
  const sum = (of: typeof rows) => of.reduce((all, { count }) => all + Number(count), 0)
  return {
    givenUp: sum(rows.filter((row) => row.due_at === null)),
    failing: sum(rows.filter((row) => row.due_at !== null)),
    failure: rows.at(-1)?.failure ?? null,
  }
}

interface Parts {
  db: Database
  clock: Clock
  envelopes: Envelopes
  /** False: the host has no mail. */
  enabled: boolean
  /** False: the host has turned such notices off. */
  isNoticeOn: (kind: NoticeKind) => boolean
}

/** Longer than an attempt takes: one that is not over by then was of a process that has died. */
const CLAIM_MS = 60_000
const FIRST_WAIT_MS = 30_000
const LONGEST_WAIT_MS = 3_600_000
/** A mail that could not be sent for so long is kept, and not tried again. */
const TRIED_MS = 86_400_000
const KEPT_MS = 30 * 86_400_000

/** Mails are rows first, written in the transaction of what they tell of (invariant 14); a dispatcher sends them. */
export class Outbox {
  readonly #parts: Parts
  readonly #writers = new WeakSet<Tx>()
  #wake: () => void = () => {}

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get enabled(): boolean {
    return this.#parts.enabled
  }

  /** Writes one down, to be sent at once. Nothing is written where the host has no mail, or wants no such notice. */
  async write(tx: Tx, order: MailOrder): Promise<void> {
    const { enabled, isNoticeOn } = this.#parts
    if (!enabled || (isNotice(order.kind) && !isNoticeOn(order.kind))) return
    const id = randomToken(12)
    const now = this.#parts.clock.now()
    const row = { user_id: order.userId, kind: order.kind, created_at: now, due_at: now, attempts: 0 }
    const content = this.#parts.envelopes.seal(JSON.stringify(order), { owner: id, field: 'outbox' })
    await tx
      .insertInto('security_outbox')
      .values({ id, content, sent_at: null, failure: null, ...row })
      .execute()
    this.#writers.add(tx)
  }

  /** Who is told when a mail has been written, and the transaction has ended well. */
  onCommit(wake: () => void): void {
    this.#wake = wake
  }

  /** To be called after a commit. A mail of which nobody says so is found two seconds later. */
  committed(tx: Tx): void {
    if (this.#writers.delete(tx)) this.#wake()
  }

  /** Takes the mail that is due longest; null: none is. Of several processes one gets it. */
  async claim(): Promise<Claimed | null> {
    const { db, clock } = this.#parts
    const now = clock.now()
    const unlocked = isPostgres(db) ? sql`for update skip locked` : sql``
    const taking = sql<{ id: string; attempts: number; created_at: number; content: string }>`
      update ${sql.table('security_outbox')} set due_at = ${now + CLAIM_MS}, attempts = attempts + 1
      where id = (
        select id from ${sql.table('security_outbox')} where due_at <= ${now} order by due_at limit 1 ${unlocked}
      ) returning id, attempts, created_at, content`
    const { rows } = await whenFree(() => taking.execute(db))
    const [row] = rows
    return row ? { id: row.id, attempts: row.attempts, createdAt: row.created_at, content: row.content } : null
  }

  /** What a claimed row is about. Throws EnvelopeError. */
  open({ id, content }: Claimed): MailOrder {
    return JSON.parse(this.#parts.envelopes.open(content, { owner: id, field: 'outbox' })) as MailOrder
  }

  /** It was sent. What it said is erased; that it was sent, and when, is kept for a while. */
  done({ id }: Claimed): Promise<void> {
    return this.#settle(id, { sent_at: this.#parts.clock.now(), due_at: null, content: null, failure: null })
  }

  /** True: the link that a mail is for is good no more. */
  isOver({ kind, occurredAt }: MailOrder): boolean {
    return kind in LINK_MS && this.#parts.clock.now() >= occurredAt + LINK_MS[kind as keyof typeof LINK_MS]
  }

  /** It is never to be sent. */
  giveUp({ id }: Claimed, why: string): Promise<void> {
    return this.#settle(id, { due_at: null, content: null, failure: why })
  }

  /** It could not be sent: it is due again in 30 s, 1, 2, 4 ... 60 minutes; after a day it is kept, and not tried again. */
  async failed({ id, attempts, createdAt }: Claimed, why: string): Promise<void> {
    const now = this.#parts.clock.now()
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), LONGEST_WAIT_MS)
    await this.#settle(id, { due_at: now - createdAt >= TRIED_MS ? null : now + wait, failure: why }, attempts)
  }

  /** `attempts`: only when nobody has taken it since. */
  async #settle(id: string, to: Partial<OutboxRow>, attempts?: number): Promise<void> {
    let settling = this.#parts.db.updateTable('security_outbox').set(to).where('id', '=', id)
    settling = settling.where('sent_at', 'is', null)
    if (attempts !== undefined) settling = settling.where('attempts', '=', attempts)
    await whenFree(() => settling.execute())
  }

  /**
   * Deletes the rows of mails that were sent, or had nobody to go to, more than thirty days ago; erases links that were never
   * sent when they are good no more. Other mails that were given up stay, for `doctor` to show.
   */
  async prune(): Promise<void> {
    const { db, clock } = this.#parts
    const before = clock.now() - KEPT_MS
    await deleteOld(db, 'security_outbox', { key: 'id', column: 'sent_at', before })
    const nobody = db.deleteFrom('security_outbox').where('content', 'is', null).where('created_at', '<', before)
    await whenFree(() => nobody.execute())
    for (const [kind, ms] of Object.entries(LINK_MS)) {
      const over = db.updateTable('security_outbox').set({ content: null }).where('due_at', 'is', null)
      const links = over.where('kind', '=', kind).where('created_at', '<', clock.now() - ms)
      await whenFree(() => links.execute())
    }
  }
}
