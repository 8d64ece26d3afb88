import { randomToken } from '../../core/crypto.js'
import { SecurityError } from '../../core/errors.js'
import type { Change, Tx } from '../../stores/sql/database.js'
import type { PasskeyRow } from '../../stores/sql/schema.js'
import type { Proof } from '../sessions/keep-session.js'
import type { SessionRecord } from '../sessions/session.js'
import type { By } from '../sessions/sessions.js'
import { readCredential } from '../users/users.js'
import { keeperOf } from './aaguids.js'
import { attestationOf } from './answers.js'
import { CHALLENGE_MS, describe, PURPOSE, type PasskeyParts, type Passkeys } from './passkeys.js'
import { PasskeyRefusal } from './refusal.js'
import { PUBLIC_KEY_PARAMETERS, verifyNew, type Site } from './webauthn.js'

export const PASSKEYS_PER_USER = 20
const UNNAMED = 'Passkey'

/** A change of a user's passkeys, to be run in the transaction that renews the session of who asks. */
export type PasskeyChange<T> = (change: Change) => Promise<T>

/** Adds, renames and removes a user's own passkeys. */
export class PasskeyRegistration {
  readonly #parts: PasskeyParts
  readonly #passkeys: Passkeys

  constructor(parts: PasskeyParts, passkeys: Passkeys) {
    this.#parts = parts
    this.#passkeys = passkeys
  }

  /** Options for `navigator.credentials.create` (WebAuthn Level 3, 5.1.9). Throws `passkey_limit`. */
  async options({ userId, email, name, publicId }: SessionRecord, site: Site) {
    const rows = await this.#passkeys.list(userId)
    if (rows.length >= PASSKEYS_PER_USER) throw new SecurityError('passkey_limit')
    return {
      challenge: await this.#passkeys.challenge('register', { userId, boundTo: publicId }),
      rp: { id: site.rpId, name: this.#parts.productName },
      user: { id: this.#passkeys.handleOf(userId, site), name: email, displayName: name },
      pubKeyCredParams: PUBLIC_KEY_PARAMETERS,
      timeout: CHALLENGE_MS,
      excludeCredentials: rows.map(describe),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
      extensions: { credProps: true },
    }
  }

  /**
   * Verifies a new passkey; the change stores it. Throws PasskeyRefusal for what is not right, and when the passkey is
   * somebody's already.
   */
  async add(
    { userId, publicId }: SessionRecord,
    given: { answer: unknown; name: string | undefined },
    by: By,
  ): Promise<PasskeyChange<PasskeyRow>> {
    const answer = attestationOf(given.answer)
    const { site } = this.#passkeys
    const challenge = answer?.challenge
    const found = challenge ? await this.#parts.secrets.find(PURPOSE, challenge) : null
    const isAsked = found?.content.use === 'register' && found.content.boundTo === publicId && found.userId === userId
    const made = site && answer && challenge && isAsked ? await verifyNew(answer, challenge, site) : null
    if (!answer || !challenge || !made) throw new PasskeyRefusal()
    const row: PasskeyRow = {
      id: randomToken(12),
      user_id: userId,
      credential_id: made.credentialId,
      public_key: made.publicKey,
      sign_count: made.signCount,
      transports: JSON.stringify(answer.response.transports),
      aaguid: made.aaguid,
      synced: made.synced ? 1 : 0,
      name: given.name ?? keeperOf(made.aaguid) ?? UNNAMED,
      created_at: this.#parts.clock.now(),
      last_used_at: null,
    }
    return async (change) => {
      if (!(await this.#parts.secrets.consume(change.tx, PURPOSE, challenge))) throw new PasskeyRefusal()
      await insert(change.tx, row)
      await this.#record(change, 'auth.passkey_added', row, by)
      return row
    }
  }

  /** False: the user has no such passkey. */
  async rename(userId: string, id: string, name: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#parts.db
      .updateTable('security_passkeys')
      .set({ name })
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  /**
   * Removes a passkey. Sessions stay: whoever finds a device lost ends its session in the list, and removing an old
   * passkey is no reason to sign in again everywhere. A sign-in under way with this passkey fails, as it is settled by a
   * write to the row that is gone. Throws `not_found`, and `two_factor_enforced` for the last factor of who must have one.
   */
  async remove({ userId }: SessionRecord, id: string, by: By): Promise<PasskeyChange<PasskeyRow>> {
    const { users, enforced, totp } = this.#parts
    const [user, totpSince] = await Promise.all([users.findById(userId), totp.enabledAt(userId)])
    // where a factor is enforced nobody turns two-factor off, so an authenticator that is there now stays
    const mustStay = totpSince === null && (user === null || (await enforced(user)))
    return async (change) => {
      const { tx } = change
      // the user is locked, so two at once do not remove the last two
      const rows = await tx.selectFrom('security_passkeys').selectAll().where('user_id', '=', userId).execute()
      const row = rows.find((each) => each.id === id)
      if (!row) throw new SecurityError('not_found')
      if (mustStay && rows.length === 1) throw new SecurityError('two_factor_enforced')
      await tx.deleteFrom('security_passkeys').where('id', '=', id).execute()
      await this.#record(change, 'auth.passkey_removed', row, by)
      return row
    }
  }

  /** What the session has proven, unchanged: a change of passkeys renews its id, and so happens only while it is alive. */
  async asIs({ userId, amr, authenticatedAt }: SessionRecord): Promise<Proof> {
    const { epoch } = await readCredential(this.#parts.db, userId)
    return { userId, epoch, amr, authenticatedAt }
  }

  async #record({ record }: Change, action: 'auth.passkey_added' | 'auth.passkey_removed', row: PasskeyRow, by: By) {
    const occurredAt = this.#parts.clock.now()
    const details = { passkeyId: row.id, name: row.name }
    await record({ action, userId: row.user_id, outcome: 'success', occurredAt, details, ...by })
  }
}

/** The user is locked, so two at once do not both become the twentieth. A passkey belongs to one user, for ever. */
async function insert(tx: Tx, row: PasskeyRow): Promise<void> {
  const others = await tx.selectFrom('security_passkeys').select('id').where('user_id', '=', row.user_id).execute()
  if (others.length >= PASSKEYS_PER_USER) throw new SecurityError('passkey_limit')
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('security_passkeys')
    .values(row)
    .onConflict((conflict) => conflict.column('credential_id').doNothing())
    .executeTakeFirst()
  if (numInsertedOrUpdatedRows !== 1n) throw new PasskeyRefusal()
}
