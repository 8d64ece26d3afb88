import type { Request, Response } from 'express'
import { Signer } from '../src/core/crypto.js'
import { isMessageKey } from '../views/messages/catalogue.js'
import type { Flash } from '../views/models.js'
import { pageCookie, readCookie } from './cookies.js'

const SHOWN_WITHIN_MS = 60_000

/** A message for the next page, in a signed cookie: nothing is stored, and nobody else can make us say something. */
export class FlashCookie {
  readonly #signer: Signer
  readonly #cookie: ReturnType<typeof pageCookie>

  constructor(secrets: readonly string[], secure: boolean) {
    this.#signer = new Signer(secrets, 'flash')
    this.#cookie = pageCookie('flash', secure)
  }

  set(res: Response, flash: Flash): void {
    const text = Buffer.from(JSON.stringify(flash)).toString('base64url')
    const value = `${text}.${this.#signer.sign(text)}`
    res.cookie(this.#cookie.name, value, { ...this.#cookie.options, maxAge: SHOWN_WITHIN_MS })
  }

  /** Reads the message and forgets it. */
  take(req: Request, res: Response): Flash | null {
    const [text, signature] = (readCookie(req, this.#cookie.name) ?? '').split('.')
    if (!text || !signature) return null
    res.clearCookie(this.#cookie.name, this.#cookie.options)
    if (!this.#signer.verify(text, signature)) return null
    const flash = JSON.parse(Buffer.from(text, 'base64url').toString()) as Flash
    return isMessageKey(flash.key) ? flash : null
  }
}
