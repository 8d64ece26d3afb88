import type { Request, Response } from 'express'
import type { Clock } from '../src/core/clock.js'
import { Signer } from '../src/core/crypto.js'
import { HALF_FINISHED_MS } from '../src/features/sign-in/half-finished.js'
import { pageCookie, readCookie } from './cookies.js'

interface Parts {
  secrets: readonly string[]
  secure: boolean
  clock: Clock
}

/**
 * The cookie of a half-finished sign-in. It is signed and dated, so that a guard knows without asking a store that
 * somebody is half way in, and leads there; whether the sign-in still stands, only SQL knows.
 */
export class HalfFinishedCookie {
  readonly #signer: Signer
  readonly #cookie: ReturnType<typeof pageCookie>
  readonly #clock: Clock

  constructor({ secrets, secure, clock }: Parts) {
    this.#signer = new Signer(secrets, 'half-finished sign-in')
    this.#cookie = pageCookie('sign_in', secure)
    this.#clock = clock
  }

  send(res: Response, token: string): void {
    const until = String(this.#clock.now() + HALF_FINISHED_MS)
    const value = `${token}.${until}.${this.#signer.sign(`${token} ${until}`)}`
    res.cookie(this.#cookie.name, value, { ...this.#cookie.options, maxAge: HALF_FINISHED_MS })
  }

  /** The token that the browser carries, or null. */
  tokenOf(req: Request): string | null {
    const [token, until, signature] = (readCookie(req, this.#cookie.name) ?? '').split('.')
    if (!token || !until || !signature || Number(until) <= this.#clock.now()) return null
    return this.#signer.verify(`${token} ${until}`, signature) ? token : null
  }

  forget(req: Request, res: Response): void {
    if (readCookie(req, this.#cookie.name) !== null) res.clearCookie(this.#cookie.name, this.#cookie.options)
  }
}
