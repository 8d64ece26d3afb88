import type { Clock } from '../../core/clock.js'
import { Signer } from '../../core/crypto.js'

/** How long after what it tells of a notice can be answered with "This wasn't me". */
export const NOT_ME_MS = 7 * 86_400_000

/** What a notice told of: whose account it is, and when it happened, in milliseconds since the epoch. */
export interface Disowned {
  userId: string
  occurredAt: number
}

const TOKEN = /^([A-Za-z0-9_-]{1,1000})\.([A-Za-z0-9_-]{43})$/

/**
 * The tokens of "This wasn't me": signed, so that nothing is stored for a mail that nobody answers. The same notice has
 * the same token however often it is sent.
 */
export class NotMeLinks {
  readonly #signer: Signer
  readonly #clock: Clock

  constructor(secrets: readonly string[], clock: Clock) {
    this.#signer = new Signer(secrets, 'not me')
    this.#clock = clock
  }

  sign(userId: string, occurredAt: number): string {
    const said = Buffer.from(JSON.stringify([userId, occurredAt])).toString('base64url')
    return `${said}.${this.#signer.sign(said)}`
  }

  /** What was signed; null for any other text, and for what happened more than seven days ago. */
  verify(token: string): Disowned | null {
    const [, said, signature] = TOKEN.exec(token) ?? []
    if (!said || !signature || !this.#signer.verify(said, signature)) return null
    const [userId, occurredAt] = JSON.parse(Buffer.from(said, 'base64url').toString()) as [string, number]
    return this.#clock.now() - occurredAt <= NOT_ME_MS ? { userId, occurredAt } : null
  }
}
