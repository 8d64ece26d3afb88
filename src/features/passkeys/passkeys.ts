import { isIP } from 'node:net'
import type { Clock } from '../../core/clock.js'
import { sha256 } from '../../core/crypto.js'
import type { PasskeyRequestOptions } from '../../core/passkey-options.js'
import type { User, UserDirectory } from '../../core/users.js'
import type { Change, Database } from '../../stores/sql/database.js'
import type { PasskeyRow } from '../../stores/sql/schema.js'
import type { OneTimeSecrets } from '../one-time-secrets/one-time-secrets.js'
import type { Totp } from '../totp/totp.js'
import { assertionOf, type Assertion } from './answers.js'
import { PasskeyRefusal } from './refusal.js'
import { verifyUse, type Site } from './webauthn.js'

export const PURPOSE = 'passkey_challenge'
/** So long a challenge waits for its answer. */
export const CHALLENGE_MS = 300_000

export interface PasskeyParts {
  db: Database
  clock: Clock
  secrets: OneTimeSecrets
  users: UserDirectory
  totp: Totp
  /** Must this user have a second factor? */
  enforced: (user: User) => Promise<boolean>
  origin: string
  productName: string
}

/** What a passkey has proven. `settle` uses the challenge up, and moves the passkey's counter on. */
export interface PasskeyProof {
  userId: string
  settle: (change: Change) => Promise<void>
}

/** Passkeys (WebAuthn Level 3): whose they are, and what they prove. */
export class Passkeys {
  /** Null: passkeys do not work here, a relying party's id is a host name (WebAuthn Level 3, 5.1.2). */
  readonly site: Site | null
  readonly #parts: PasskeyParts

  constructor(parts: PasskeyParts) {
    this.#parts = parts
    this.site = siteOf(parts.origin)
  }

  async list(userId: string): Promise<PasskeyRow[]> {
    return this.#parts.db
      .selectFrom('security_passkeys')
      .selectAll()
      .where('user_id', '=', userId)
      .orderBy('created_at')
      .orderBy('id')
      .execute()
  }

  async count(userId: string, db: Database = this.#parts.db): Promise<number> {
    const { count } = await db
      .selectFrom('security_passkeys')
      .select((eb) => eb.fn.countAll<number | string>().as('count'))
      .where('user_id', '=', userId)
      .executeTakeFirstOrThrow()
    return this.site ? Number(count) : 0
  }

  /** Asks for a passkey: of this user, or of anybody (null), who is then found by it. */
  async ask(
    { userId, boundTo }: { userId: string | null; boundTo: string },
    { rpId }: Site,
  ): Promise<PasskeyRequestOptions> {
    const rows = userId === null ? [] : await this.list(userId)
    const challenge = await this.challenge('authenticate', { userId, boundTo })
    const allowCredentials = rows.map(describe)
    return { challenge, timeout: CHALLENGE_MS, rpId, allowCredentials, userVerification: 'required' }
  }

  /** A challenge for one use within five minutes: 192 random bits. */
  async challenge(use: 'register' | 'authenticate', who: { userId: string | null; boundTo: string }): Promise<string> {
    const content = { use, boundTo: who.boundTo }
    return this.#parts.secrets.create(PURPOSE, { userId: who.userId, content, ttlMs: CHALLENGE_MS })
  }

  /** Whom the challenge of an answer was made for, unverified; null: there is no such challenge. */
  async askedBy(answer: unknown): Promise<string | null> {
    const challenge = assertionOf(answer)?.challenge
    const found = challenge ? await this.#parts.secrets.find(PURPOSE, challenge) : null
    return found?.content.use === 'authenticate' ? found.content.boundTo : null
  }

  /** Whose passkey an answer names, unverified; null: nobody's. */
  async ownerOf(answer: unknown): Promise<string | null> {
    const assertion = assertionOf(answer)
    return (assertion && (await this.#row(assertion.id))?.user_id) ?? null
  }

  /**
   * Verifies the browser's answer: an object, or JSON of it. `boundTo` is whom its challenge must have been made for.
   * Throws PasskeyRefusal (FormError `invalid_passkey`) for everything that is not right. What is right counts once it is
   * settled.
   */
  async verify(answer: unknown, who: { userId: string; boundTo: string | null }): Promise<PasskeyProof> {
    const assertion = assertionOf(answer)
    const row = assertion && (await this.#row(assertion.id))
    const { site } = this
    if (!site || !row || row.user_id !== who.userId || !this.#isHandleOf(assertion, row.user_id, site))
      throw new PasskeyRefusal()
    const challenge = await this.#assertAsked(assertion, who)
    const credential = { challenge, credentialId: row.credential_id, publicKey: row.public_key }
    const used = await verifyUse(assertion, credential, site)
    if (!used) throw new PasskeyRefusal()
    // 7.2, step 22: a counter that stands still, or goes back, is that of a copy; some passkeys have none, and say 0
    if ((used.signCount !== 0 || row.sign_count !== 0) && used.signCount <= row.sign_count)
      throw new PasskeyRefusal('cloned_passkey')
    return { userId: row.user_id, settle: (change) => this.#settle(change, challenge, row, used.signCount) }
  }

  /** The user's handle at authenticators (5.4.3): the same for all passkeys of a user, and tells nobody who that is. */
  handleOf(userId: string, { rpId }: Site): string {
    return sha256(`sallyport passkey handle ${JSON.stringify([rpId, userId])}`)
  }

  #isHandleOf({ response: { userHandle } }: Assertion, userId: string, site: Site): boolean {
    return !userHandle || userHandle === this.handleOf(userId, site) // a security key may leave it out
  }

  async #assertAsked(
    { challenge }: Assertion,
    { userId, boundTo }: { userId: string; boundTo: string | null },
  ): Promise<string> {
    const found = challenge ? await this.#parts.secrets.find(PURPOSE, challenge) : null
    const isAsked = found?.content.use === 'authenticate' && found.content.boundTo === boundTo
    if (!challenge || !isAsked || (found.userId !== null && found.userId !== userId)) throw new PasskeyRefusal()
    return challenge
  }

  /**
   * In the transaction of what the proof is good for. The challenge is used up once (invariant 3); the counter moves on
   * from what it is by then, so a passkey that was removed meanwhile, or used with a higher counter, proves nothing.
   */
  async #settle({ tx }: Change, challenge: string, row: PasskeyRow, signCount: number): Promise<void> {
    const { secrets, clock } = this.#parts
    if (!(await secrets.consume(tx, PURPOSE, challenge))) throw new PasskeyRefusal()
    const { numUpdatedRows } = await tx
      .updateTable('security_passkeys')
      .set({ sign_count: signCount, last_used_at: clock.now() })
      .where('id', '=', row.id)
      .where((or) => {
        const goesOn = or('sign_count', '<', signCount)
        return signCount === 0 ? or('sign_count', '=', 0) : goesOn
      })
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw new PasskeyRefusal()
  }

  async #row(credentialId: string): Promise<PasskeyRow | undefined> {
    return this.#parts.db
      .selectFrom('security_passkeys')
      .selectAll()
      .where('credential_id', '=', credentialId)
      .executeTakeFirst()
  }
}

/** A passkey as options name it. */
export const describe = (row: PasskeyRow) => ({
  type: 'public-key' as const,
  id: row.credential_id,
  transports: JSON.parse(row.transports) as string[],
})

function siteOf(origin: string): Site | null {
  const { hostname } = new URL(origin)
  const isAddress = hostname.startsWith('[') || isIP(hostname) !== 0
  return isAddress ? null : { origin, rpId: hostname }
}
