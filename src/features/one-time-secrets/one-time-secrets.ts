import { sql } from 'kysely'
import type { Clock } from '../../core/clock.js'
import { randomToken, sha256 } from '../../core/crypto.js'
import type { Envelopes } from '../../core/envelope.js'
import { deleteOld } from '../../stores/sql/delete-old.js'
import { whenFree, type Database, type Tx } from '../../stores/sql/database.js'

/** What each kind of secret stands for, and what is kept with it. */
export interface OneTimeContents {
  half_finished_sign_in: HalfFinishedContent
  /** The token is the challenge itself. `boundTo`: who asked for it, a session, a half-finished sign-in or a browser. */
  passkey_challenge: { use: 'register' | 'authenticate'; boundTo: string }
  suspended_post: SuspendedPost
  password_reset: ResetContent
  invitation: ResetContent
}

/** What a link was made for: it dies when either is another one. */
export interface ResetContent {
  epoch: number
  /** The address that it was sent to. */
  email: string
}

/** Everything that a sign-in needs to go on, as it was when the first proof was given. */
export interface HalfFinishedContent {
  epoch: number
  amr: ('pwd' | 'otp' | 'hwk' | 'rc' | 'fed')[]
  owes: 'second_factor' | 'enrolment'
  remember: boolean
  returnTo: string | null
}

/** A form that was sent before its sender had proven enough. */
export interface SuspendedPost {
  /** Public id of the session that sent it. */
  sessionId: string
  method: string
  /** Path and query, as they were asked for. */
  path: string
  form: HeldForm
  /** True: a page of ours, which goes on by itself. False: a route of the host's, which its user has to say yes to. */
  own: boolean
  /** What it is for, as the host calls it. */
  action: string | null
  /** One of these methods is asked for; null: any will do. */
  amr: readonly string[] | null
}

/** A form as it came (`bytes` as latin1, `type` its content type), or as a body parser before us has left it. */
export type HeldForm = { kind: 'bytes'; bytes: string; type: string } | { kind: 'body'; body: HeldBody }
export interface HeldBody {
  fields: Record<string, unknown>
  /** The parser makes objects without a prototype. */
  bare: boolean
}

export type Purpose = keyof OneTimeContents

export interface OneTimeSecret<P extends Purpose> {
  tokenHash: string
  userId: string | null
  content: OneTimeContents[P]
  attempts: number
  /** Milliseconds since the epoch. */
  createdAt: number
  expiresAt: number
}

/**
 * Secrets that are good for one use (invariant 3). They live in SQL and nowhere else, and one conditional write uses
 * them up: of N uses at once, on however many processes, exactly one succeeds, whatever is restarted meanwhile.
 */
export class OneTimeSecrets {
  readonly #db: Database
  readonly #clock: Clock
  readonly #envelopes: Envelopes

  constructor(db: Database, clock: Clock, envelopes: Envelopes) {
    this.#db = db
    this.#clock = clock
    this.#envelopes = envelopes
  }

  /** Makes one that lives for `ttlMs`, and returns its token: 192 random bits, of which only a hash is kept. */
  async create<P extends Purpose>(
    purpose: P,
    { userId, content, ttlMs }: { userId: string | null; content: OneTimeContents[P]; ttlMs: number },
  ): Promise<string> {
    const { token, row } = this.#make(purpose, { userId, content, ttlMs })
    await whenFree(() => this.#db.insertInto('security_one_time_secrets').values(row).execute())
    return token
  }

  /** Makes one in the place of all that a user has of these purposes, in the transaction of what leads to it. */
  async replace<P extends Purpose>(
    tx: Tx,
    purpose: P,
    { userId, content, ttlMs }: { userId: string; content: OneTimeContents[P]; ttlMs: number },
    purposes: readonly Purpose[] = [purpose],
  ): Promise<string> {
    await this.erase(tx, purposes, userId)
    const { token, row } = this.#make(purpose, { userId, content, ttlMs })
    await tx.insertInto('security_one_time_secrets').values(row).execute()
    return token
  }

  /** Deletes all that a user has of these purposes. */
  async erase(tx: Tx, purposes: readonly Purpose[], userId: string): Promise<void> {
    await tx
      .deleteFrom('security_one_time_secrets')
      .where('user_id', '=', userId)
      .where('purpose', 'in', purposes)
      .execute()
  }

  /**
   * The same for a user who may have `most` of them at a time; null: there are as many. One statement counts and writes,
   * and waits for nobody: of many at once no more get past it than there are connections.
   */
  async createOneOf<P extends Purpose>(
    most: number,
    purpose: P,
    given: { userId: string; content: OneTimeContents[P]; ttlMs: number },
  ): Promise<string | null> {
    const { token, row } = this.#make(purpose, given)
    const columns = Object.keys(row) as (keyof typeof row)[]
    const made = sql`
      insert into ${sql.table('security_one_time_secrets')} (${sql.join(columns.map((each) => sql.ref(each)))})
      select ${sql.join(columns.map((each) => row[each]))}
      where (
        select count(*) from ${sql.table('security_one_time_secrets')}
        where user_id = ${row.user_id} and purpose = ${purpose} and expires_at > ${row.created_at}
      ) < ${most}`
    const { numAffectedRows } = await whenFree(() => made.execute(this.#db))
    return numAffectedRows === 1n ? token : null
  }

  #make<P extends Purpose>(
    purpose: P,
    { userId, content, ttlMs }: { userId: string | null; content: OneTimeContents[P]; ttlMs: number },
  ) {
    const token = randomToken()
    const hash = sha256(token)
    const now = this.#clock.now()
    const row = {
      token_hash: hash,
      purpose,
      user_id: userId,
      content: this.#envelopes.seal(JSON.stringify(content), { owner: hash, field: `one-time ${purpose}` }),
      attempts: 0,
      created_at: now,
      expires_at: now + ttlMs,
    }
    return { token, row }
  }

  /** What is kept with a token, without using it up; null when it is used, overdue or was never there. */
  async find<P extends Purpose>(purpose: P, token: string): Promise<OneTimeSecret<P> | null> {
    const row = await this.#db
      .selectFrom('security_one_time_secrets')
      .selectAll()
      .where('token_hash', '=', sha256(token))
      .where('purpose', '=', purpose)
      .where('expires_at', '>', this.#clock.now())
      .executeTakeFirst()
    if (!row) return null
    const where = { owner: row.token_hash, field: `one-time ${purpose}` }
    return {
      tokenHash: row.token_hash,
      userId: row.user_id,
      content: JSON.parse(this.#envelopes.open(row.content, where)) as OneTimeContents[P],
      attempts: row.attempts,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
    }
  }

  /** How many of a user's are good still. */
  async count(purpose: Purpose, userId: string, db = this.#db): Promise<number> {
    const { count } = await db
      .selectFrom('security_one_time_secrets')
      .select((eb) => eb.fn.countAll<number | string>().as('count'))
      .where('user_id', '=', userId)
      .where('purpose', '=', purpose)
      .where('expires_at', '>', this.#clock.now())
      .executeTakeFirstOrThrow()
    return Number(count)
  }

  /** Counts an attempt before it is made. False: there were `max` of them, or the secret is gone. */
  async countAttempt(purpose: Purpose, token: string, max: number): Promise<boolean> {
    const { numUpdatedRows } = await whenFree(() =>
      this.#db
        .updateTable('security_one_time_secrets')
        .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
        .where('token_hash', '=', sha256(token))
        .where('purpose', '=', purpose)
        .where('attempts', '<', max)
        .where('expires_at', '>', this.#clock.now())
        .executeTakeFirst(),
    )
    return numUpdatedRows === 1n
  }

  /** The attempt that was counted was not made. */
  async giveAttemptBack(purpose: Purpose, token: string): Promise<void> {
    await whenFree(() =>
      this.#db
        .updateTable('security_one_time_secrets')
        .set((eb) => ({ attempts: eb('attempts', '-', 1) }))
        .where('token_hash', '=', sha256(token))
        .where('purpose', '=', purpose)
        .where('attempts', '>', 0)
        .execute(),
    )
  }

  /** Uses it up, in the transaction of what it is good for. True for exactly one of all who try. */
  async consume(tx: Tx, purpose: Purpose, token: string): Promise<boolean> {
    const { numDeletedRows } = await tx
      .deleteFrom('security_one_time_secrets')
      .where('token_hash', '=', sha256(token))
      .where('purpose', '=', purpose)
      .where('expires_at', '>', this.#clock.now())
      .executeTakeFirst()
    return numDeletedRows === 1n
  }

  /** The same, in a transaction of its own. */
  async use(purpose: Purpose, token: string): Promise<boolean> {
    return whenFree(() => this.#db.transaction().execute((tx) => this.consume(tx, purpose, token)))
  }

  /** Deletes what is overdue. */
  async prune(): Promise<void> {
    const before = this.#clock.now()
    await deleteOld(this.#db, 'security_one_time_secrets', { key: 'token_hash', column: 'expires_at', before })
  }
}
