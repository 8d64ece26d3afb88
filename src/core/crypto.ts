import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'

/** Random text from the operating system's generator, base64url; 24 bytes are 192 bits. */
export const randomToken = (bytes = 24): string => randomBytes(bytes).toString('base64url')

/** SHA-256, base64url. For values that are random already (session ids); passwords go to argon2id. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')

/** Compares two texts in a time that depends on their lengths only. */
function equalText(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}

/** One key for one purpose, derived from the application's secret (HKDF-SHA256, RFC 5869). */
export const deriveKey = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, 'sallyport', purpose, 32))

/** Signs and verifies short texts. The first secret signs, all verify, so that a secret can be rotated. */
export class Signer {
  readonly #keys: Buffer[]

  constructor(secrets: readonly string[], purpose: string) {
    this.#keys = secrets.map((secret) => deriveKey(secret, purpose))
  }

  sign(text: string): string {
    return this.#mac(this.#keys[0]!, text)
  }

  verify(text: string, signature: string): boolean {
    return this.#keys.some((key) => equalText(this.#mac(key, text), signature))
  }

  #mac(key: Buffer, text: string): string {
    return createHmac('sha256', key).update(text).digest('base64url')
  }
}
