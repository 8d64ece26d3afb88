import type { Clock } from '../../core/clock.js'
import { sha256, Signer } from '../../core/crypto.js'

/** How long after what it tells of a notice can be answered with "This wasn't me". */
export const NOT_ME_MS = 7 * 86_400_000

/** So far apart the clocks of processes may be. */
const DRIFT_MS = 300_000

/** What a notice told of: whose account it is, and when it happened, in milliseconds since the epoch. */
export interface Disowned {
  userId: string
  occurredAt: number
  /** Which address it was sent to, hashed: who reads a mailbox that an account has left may end nothing in it. */
  sentTo: string
}

const hashOf = (address: string): string => sha256(address).slice(0, 16)

/** True: the account has the address still that the notice was sent to. */
export const wasSentTo = ({ sentTo }: Disowned, address: string): boolean => sentTo === hashOf(address)

type Signed = [userId: string, occurredAt: number, sentTo: string]

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

  sign(userId: string, occurredAt: number, address: string): string {
    const said = Buffer.from(JSON.stringify([userId, occurredAt, hashOf(address)])).toString('base64url')
    return `${said}.${this.#signer.sign(said)}`
  }

  /** What was signed; null for any other text, for what happened more than seven days ago, and for what has not happened yet. */
  verify(token: string): Disowned | null {
    const [, said, signature] = TOKEN.exec(token) ?? []
    if (!said || !signature || !this.#signer.verify(said, signature)) return null
    const [userId, occurredAt, sentTo] = JSON.parse(Buffer.from(said, 'base64url').toString()) as Signed
    const age = this.#clock.now() - occurredAt
    return age >= -DRIFT_MS && age <= NOT_ME_MS ? { userId, occurredAt, sentTo } : null
  }
}
