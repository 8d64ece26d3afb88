import { randomBytes } from 'node:crypto'
import { hashRaw } from '@node-rs/argon2'
import type { Clock } from '../../core/clock.js'
import { randomToken } from '../../core/crypto.js'
import { whenFree, type Changes, type Database, type Tx } from '../../stores/sql/database.js'
import type { By } from '../sessions/sessions.js'

export const CODES = 8
/** Crockford's base32: no letters that look like digits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
/** 16 characters of 5 bits. */
const LENGTH = 16
const SALT_BYTES = 16
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Eight new codes, and how to write them down; the codes themselves are kept nowhere. */
export interface NewCodes {
  codes: string[]
  generation: string
  /** Replaces the user's codes, in the transaction of the change that shows them. */
  write: (tx: Tx, userId: string, at: number) => Promise<void>
}

/** What a user still has. Times are milliseconds since the epoch. */
export interface CodesLeft {
  left: number
  generation: string
  createdAt: number
  /** Null: the user has never said to have saved them. */
  savedAt: number | null
}

interface Parts {
  db: Database
  changes: Changes
  clock: Clock
  /** Where hashes are computed, one at a time. */
  patiently: <T>(work: () => Promise<T>) => Promise<T>
}

/**
 * Recovery codes: 80 random bits each, kept as argon2id (ASVS 5.0, 6.5.2), with one salt per set, so that a typed code
 * costs one hash and not eight. A code is used up by one conditional write (invariant 3).
 */
export class RecoveryCodes {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Makes eight codes. Waits for its turn to hash; nothing is written before `write`. */
  async make(): Promise<NewCodes> {
    const salt = randomBytes(SALT_BYTES).toString('base64url')
    const generation = randomToken(9)
    const codes = Array.from({ length: CODES }, newCode)
    const hashes: string[] = []
    for (const code of codes) hashes.push(await this.#parts.patiently(() => hashCode(code, salt)))
    const write = async (tx: Tx, userId: string, at: number) => {
      await tx.deleteFrom('security_recovery_codes').where('user_id', '=', userId).execute()
      const set = { generation, salt, created_at: at, saved_at: null }
      await tx
        .insertInto('security_recovery_code_sets')
        .values({ user_id: userId, ...set })
        .onConflict((conflict) => conflict.column('user_id').doUpdateSet(set))
        .execute()
      const rows = hashes.map((code_hash) => ({ user_id: userId, code_hash, used_at: null }))
      await tx.insertInto('security_recovery_codes').values(rows).execute()
    }
    return { codes, generation, write }
  }

  async left(userId: string): Promise<CodesLeft | null> {
    const { db } = this.#parts
    const set = await this.#set(userId)
    if (!set) return null
    const left = await countLeft(db, userId)
    return { left, generation: set.generation, createdAt: set.created_at, savedAt: set.saved_at }
  }

  /**
   * Uses a code up, and writes down that it was; how many are left, or null when it was none of the user's or used
   * before. Does the same work for a user without codes.
   */
  async use(userId: string, typed: string, by: By): Promise<number | null> {
    const set = await this.#set(userId)
    const code_hash = await hashCode(normalized(typed), set?.salt ?? 'nobody has such codes')
    const at = this.#parts.clock.now()
    return this.#parts.changes.run(async ({ tx, record }) => {
      const { numUpdatedRows } = await tx
        .updateTable('security_recovery_codes')
        .set({ used_at: at })
        .where('user_id', '=', userId)
        .where('code_hash', '=', code_hash)
        .where('used_at', 'is', null)
        .executeTakeFirst()
      if (numUpdatedRows !== 1n) return null
      const left = await countLeft(tx, userId)
      await record<'auth.recovery_code_used'>({
        action: 'auth.recovery_code_used',
        userId,
        outcome: 'success',
        occurredAt: at,
        details: { left },
        ...by,
      })
      return left
    })
  }

  /** The user has ticked "I have saved these codes". False when they are of an older set. */
  async saved(userId: string, generation: string): Promise<boolean> {
    const { numUpdatedRows } = await whenFree(() =>
      this.#parts.db
        .updateTable('security_recovery_code_sets')
        .set({ saved_at: this.#parts.clock.now() })
        .where('user_id', '=', userId)
        .where('generation', '=', generation)
        .executeTakeFirst(),
    )
    return numUpdatedRows === 1n
  }

  /** True while the codes are of this set; locks it until the transaction ends. */
  async isCurrent(tx: Tx, userId: string, generation: string): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('security_recovery_code_sets')
      .set({ generation })
      .where('user_id', '=', userId)
      .where('generation', '=', generation)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  /** Deletes a user's codes, in the transaction that turns two-factor off. */
  async erase(tx: Tx, userId: string): Promise<void> {
    await tx.deleteFrom('security_recovery_codes').where('user_id', '=', userId).execute()
    await tx.deleteFrom('security_recovery_code_sets').where('user_id', '=', userId).execute()
  }

  async #set(userId: string) {
    return this.#parts.db
      .selectFrom('security_recovery_code_sets')
      .selectAll()
      .where('user_id', '=', userId)
      .executeTakeFirst()
  }
}

async function countLeft(db: Database, userId: string): Promise<number> {
  const { left } = await db
    .selectFrom('security_recovery_codes')
    .select((eb) => eb.fn.countAll<number | string>().as('left'))
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(left)
}

/** `7k3m-9x2p-...`: without a bias, because 32 divides 256. */
function newCode(): string {
  const letters = [...randomBytes(LENGTH)].map((byte) => ALPHABET[byte & 31]).join('')
  return letters.match(/.{4}/g)!.join('-')
}

/** Letters that Crockford's alphabet leaves out are read as the digits they look like; case and separators do not matter. */
export const normalized = (typed: string): string =>
  typed
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/o/g, '0')
    .replace(/[il]/g, '1')
    .slice(0, 64)

const hashCode = async (code: string, salt: string): Promise<string> =>
  (await hashRaw(normalized(code), { ...PARAMETERS, salt: Buffer.from(salt) })).toString('base64url')
