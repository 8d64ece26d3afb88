import type { Request } from 'express'
import { randomToken, sha256 } from '../src/core/crypto.js'
import { CHALLENGE_MS } from '../src/features/passkeys/passkeys.js'
import { pageCookie, readCookie } from './cookies.js'

/**
 * Binds the challenges of a visitor to the browser that asked for them: one that was taken elsewhere, and answered by
 * somebody else, is worth nothing here.
 */
export class PasskeyCookie {
  readonly #cookie: ReturnType<typeof pageCookie>

  constructor(secure: boolean) {
    this.#cookie = pageCookie('passkey', secure)
  }

  /** Whom this browser's challenges are made for; null: it has asked for none. */
  of(req: Request): string | null {
    const nonce = readCookie(req, this.#cookie.name)
    return nonce ? `visitor ${sha256(nonce)}` : null
  }

  /** The same; a browser that has no cookie yet gets one. It is kept, so that two tabs may ask at once. */
  give(req: Request): string {
    const nonce = readCookie(req, this.#cookie.name) || randomToken()
    req.res?.cookie(this.#cookie.name, nonce, { ...this.#cookie.options, maxAge: CHALLENGE_MS })
    return `visitor ${sha256(nonce)}`
  }
}
