import type { IncomingMessage } from 'node:http'
import type { Request } from 'express'
import { Signer } from '../src/core/crypto.js'
import { cookieNames, pageCookie, readCookie } from './cookies.js'

/** A browser that many people sign in with keeps so many of these cookies: all of them go out with every request. */
const PER_BROWSER = 5
const NAME_LENGTH = 12

interface Options {
  /** What the names of the cookies begin with. */
  name: string
  /** What the key is for that names them. */
  purpose: string
  secrets: readonly string[]
  secure: boolean
}

/**
 * A token that a browser carries for a user. One cookie per user, named by a keyed hash of the user's id, so that
 * neither the next person at this browser nor anybody else learns whose it is.
 */
export class UserCookie {
  readonly #options: Options
  readonly #signers: Signer[]
  readonly #prefix: string

  constructor(options: Options) {
    this.#options = options
    this.#prefix = this.#cookie('').name
    this.#signers = options.secrets.map((secret) => new Signer([secret], options.purpose))
  }

  /** The token that this browser carries for a user, or null. */
  tokenFor(req: Request, userId: string): string | null {
    return this.#names(userId).reduce<string | null>((found, name) => found ?? readCookie(req, name), null)
  }

  /** True when this browser says that it carries a token, for whomever. Nothing is verified, nor read twice: crowds are asked. */
  isCarriedBy({ headers }: IncomingMessage): boolean {
    return headers.cookie?.includes(this.#prefix) ?? false
  }

  /** Gives the browser a token for a user, for `maxAge` milliseconds. The browser forgets whom it has known longest. */
  send(req: Request, userId: string, token: string, maxAge: number): void {
    const { res } = req
    if (!res || res.headersSent) return
    const names = this.#names(userId)
    const { options } = this.#cookie('')
    res.cookie(names[0]!, token, { ...options, maxAge })
    const known = cookieNames(req).filter((name) => name.startsWith(this.#prefix) && name !== names[0])
    const others = known.filter((name) => !names.includes(name))
    // a browser sends the cookie that it has had longest first (RFC 6265, 5.4)
    const surplus = others.slice(0, Math.max(0, others.length - (PER_BROWSER - 1)))
    for (const name of [...surplus, ...known.filter((name) => names.includes(name))]) res.clearCookie(name, options)
  }

  /** Under each secret, the newest first: a browser stays known while secrets rotate. */
  #names(userId: string): string[] {
    return this.#signers.map((signer) => this.#cookie(signer.sign(userId).slice(0, NAME_LENGTH)).name)
  }

  #cookie(suffix: string) {
    return pageCookie(`${this.#options.name}_${suffix}`, this.#options.secure)
  }
}
