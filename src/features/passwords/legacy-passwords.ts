import type { Clock } from '../../core/clock.js'
import { NO_ORIGIN } from '../../core/events.js'
import type { UserDirectory } from '../../core/users.js'
import type { Changes } from '../../stores/sql/database.js'
import { setFirstPasswordHash, type Credential } from '../users/users.js'
import { checkAtHost } from './hashing-lane.js'
import { hashPassword, verifyHash } from './hashing.js'
import { readLegacyHash } from './legacy-hash.js'

interface Parts {
  users: UserDirectory
  changes: Changes
  clock: Clock
  report: (error: unknown) => void
}

/** Whose password it is, with the credential that was read before the old hash is asked for. */
interface Holder {
  id: string
  disabled: boolean
  credential: Pick<Credential, 'epoch' | 'passwordHash' | 'disabled'>
}

/** Null: it is no hash, or looks like one and is none: a salt or a version that its own library refuses. */
async function compared(old: string, password: string): Promise<boolean | null> {
  try {
    return (await readLegacyHash(old)?.(password)) ?? null
  } catch {
    return null
  }
}

/** Old hashes of the host's table: each good until its user has typed the password once, and never asked for again. */
export class LegacyPasswords {
  readonly #parts: Parts
  #reported = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** True when a user has an old hash that still counts; asked for users without a password of ours. */
  async has(userId: string): Promise<boolean> {
    return (await this.#hashOf(userId)) !== null
  }

  /**
   * Compares with the old hash, in the lane of whoever calls; a password that is right gets a hash of ours. Null: there is
   * no old hash that counts, so this is somebody else's to say. One that cannot be read is reported once, and refused.
   */
  async verify({ id, disabled, credential }: Holder, password: string): Promise<boolean | null> {
    if (credential.passwordHash !== null) return null
    const old = await this.#hashOf(id)
    if (old === null) return null
    const right = await compared(old, password)
    if (right === null) {
      this.#reportOnce(id)
      return verifyHash(null, password)
    }
    if (right && !disabled && !credential.disabled) await this.#replace(id, credential.epoch, password)
    return right
  }

  async #hashOf(userId: string): Promise<string | null> {
    const { users } = this.#parts
    if (!users.hasLegacyPasswords) return null
    return checkAtHost(() => users.legacyPassword(userId))
  }

  /** No session ends, and the epoch stays: the password is the same. Whoever comes second, or late, changes nothing. */
  async #replace(userId: string, epoch: number, password: string): Promise<void> {
    const { changes, clock } = this.#parts
    const hash = await hashPassword(password)
    await changes.run(async ({ tx, record }) => {
      if (!(await setFirstPasswordHash(tx, userId, hash, epoch))) return
      await record<'auth.password_migrated'>({
        action: 'auth.password_migrated',
        actor: { type: 'system' },
        userId,
        outcome: 'success',
        occurredAt: clock.now(),
        origin: NO_ORIGIN,
        details: {},
      })
    })
  }

  #reportOnce(userId: string): void {
    if (this.#reported) return
    this.#reported = true
    this.#parts.report(
      new Error(
        `users.legacyPassword: the hash of user ${userId} is in no format that docs/sign-in.md lists, or asks for too ` +
          'much work; its user cannot sign in. Others like it are not reported',
      ),
    )
  }
}
