import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** A key for secrets at rest: 32 bytes, and the name that its envelopes carry. */
export interface EnvelopeKey {
  id: string
  key: Buffer
}

/** What an envelope is bound to: in another row or another column it does not open. */
export interface EnvelopePlace {
  /** Whose secret it is, e.g. the id of a user. */
  owner: string
  /** Which one, e.g. `totp.secret`. */
  field: string
}

/** An envelope that does not open. Neither the envelope nor anything that was in it is in the message. */
export class EnvelopeError extends Error {
  constructor(why: string) {
    super(`a sealed secret cannot be opened: ${why}`)
    this.name = 'EnvelopeError'
  }
}

const VERSION = 'v1'
const PARTS = /^v1\.([a-z0-9-]{1,32})\.([A-Za-z0-9_-]+)$/
const CIPHER = 'aes-256-gcm'
const NONCE = 12
const TAG = 16

/** The id of the key that an envelope names; null for a text that is no envelope. */
export const keyIdOf = (envelope: string): string | null => PARTS.exec(envelope)?.[1] ?? null

/**
 * Seals secrets for the database with AES-256-GCM (NIST SP 800-38D): `v1.<key id>.<base64url nonce, ciphertext, tag>`.
 * The first key seals, all open, so that a key can be rotated. Nonces are random: one key is good for 2^32 envelopes.
 */
export class Envelopes {
  readonly #keys: ReadonlyMap<string, Buffer>
  /** The ids of all keys; that of the one that seals is the first. */
  readonly keyIds: readonly [string, ...string[]]

  constructor(keys: readonly EnvelopeKey[]) {
    this.#keys = new Map(keys.map(({ id, key }) => [id, key]))
    const [first, ...others] = this.#keys.keys()
    if (first === undefined) throw new TypeError('at least one key is needed')
    this.keyIds = [first, ...others]
  }

  seal(plain: string, where: EnvelopePlace): string {
    const [id] = this.keyIds
    const nonce = randomBytes(NONCE)
    const cipher = createCipheriv(CIPHER, this.#keys.get(id)!, nonce, { authTagLength: TAG })
    cipher.setAAD(bound(id, where))
    const sealed = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `${VERSION}.${id}.${sealed.toString('base64url')}`
  }

  /** What was sealed for this owner and field. Throws EnvelopeError for anything else. */
  open(envelope: string, where: EnvelopePlace): string {
    const [, id, text] = PARTS.exec(envelope) ?? []
    const sealed = Buffer.from(text ?? '', 'base64url')
    // Node reads several texts as the same bytes; only one of them is what was sealed
    if (!id || sealed.length < NONCE + TAG || sealed.toString('base64url') !== text)
      throw new EnvelopeError('it is no envelope')
    const key = this.#keys.get(id)
    if (!key) throw new EnvelopeError(`its key "${id}" is not among the keys`)
    const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE), { authTagLength: TAG })
    decipher.setAAD(bound(id, where)).setAuthTag(sealed.subarray(-TAG))
    try {
      return decipher.update(sealed.subarray(NONCE, -TAG), undefined, 'utf8') + decipher.final('utf8')
    } catch {
      throw new EnvelopeError(
        `it was sealed for another owner or field, under another key "${id}", or has been changed`,
      )
    }
  }

  /** True when it is sealed under the first key: a rotation has nothing to do. */
  isCurrent(envelope: string): boolean {
    return keyIdOf(envelope) === this.keyIds[0]
  }
}

/** The additional authenticated data. As JSON, no two places are written alike. */
const bound = (id: string, { owner, field }: EnvelopePlace): Buffer =>
  Buffer.from(JSON.stringify([VERSION, id, owner, field]))
