import type { Request, Response } from 'express'
import type { Clock } from '../src/core/clock.js'
import { Signer } from '../src/core/crypto.js'
import { readCookie } from './cookies.js'

const KEPT_MS = 3_600_000
const VALUE = /^([\w.-]{1,1200})\.(\d{1,16})\.([\w-]{43})$/
/** What a token of ours may look like; nothing else is kept. */
const TOKEN = /^[\w.-]{16,1200}$/

interface Parts {
  /** What the cookie is called, and signed for. */
  name: string
  secrets: readonly string[]
  secure: boolean
  clock: Clock
  basePath: string
}

/**
 * Keeps the token of a link from a mail while its page is open: an address with a token in it would stay in histories,
 * logs and referrers. Only our pages get it. It is `__Secure-`, for a `__Host-` cookie would go to every page of the host.
 */
export class LinkCookie {
  readonly #parts: Parts
  readonly #name: string
  readonly #signer: Signer

  constructor(parts: Parts) {
    this.#parts = parts
    this.#name = `${parts.secure ? '__Secure-' : ''}sallyport_${parts.name}`
    this.#signer = new Signer(parts.secrets, `link ${parts.name}`)
  }

  /** Keeps what may be a token. Anything else takes its place as well: a broken link does not show what another one opened. */
  keep(req: Request, res: Response, token: unknown): void {
    if (typeof token !== 'string' || !TOKEN.test(token)) return this.forget(req, res)
    const until = String(this.#parts.clock.now() + KEPT_MS)
    const value = `${token}.${until}.${this.#signer.sign(`${token} ${until}`)}`
    res.cookie(this.#name, value, { ...this.#options, maxAge: KEPT_MS })
  }

  /** The token that the browser carries, or null. */
  tokenOf(req: Request): string | null {
    const [, token, until, signature] = VALUE.exec(readCookie(req, this.#name) ?? '') ?? []
    if (!token || !until || !signature || Number(until) <= this.#parts.clock.now()) return null
    return this.#signer.verify(`${token} ${until}`, signature) ? token : null
  }

  forget(req: Request, res: Response): void {
    if (readCookie(req, this.#name) !== null) res.clearCookie(this.#name, this.#options)
  }

  get #options() {
    const { secure, basePath } = this.#parts
    return { httpOnly: true, sameSite: 'lax', path: basePath, secure } as const
  }
}
