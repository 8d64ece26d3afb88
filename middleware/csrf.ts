import type { Request, RequestHandler, Response } from 'express'
import { randomToken, Signer } from '../src/core/crypto.js'
import type { Clock } from '../src/core/clock.js'
import { SecurityError, unavailable } from '../src/core/errors.js'
import { pageCookie, readCookie } from './cookies.js'
import type { RequestStates } from './request-state.js'

/** A form of ours may stay open for an hour before anybody is signed in. */
const VISITOR_MS = 3_600_000
const SALT_BYTES = 9

export interface CsrfOptions {
  secrets: readonly string[]
  origin: string
  secure: boolean
  clock: Clock
  states: RequestStates
}

/**
 * Invariant 8. Signed in, a token is an HMAC of the public session id, so that open tabs survive a rotation. Before,
 * it is one of a nonce in a signed cookie that only our pages set; nothing is stored for a visitor. A salt makes each
 * page's token another text, so that compression tells nothing about it (BREACH).
 */
export class Csrf {
  readonly #signer: Signer
  readonly #options: CsrfOptions
  readonly #cookie: ReturnType<typeof pageCookie>

  constructor(options: CsrfOptions) {
    this.#options = options
    this.#signer = new Signer(options.secrets, 'csrf')
    this.#cookie = pageCookie('form', options.secure)
  }

  /** The token for the forms of an answer; for a visitor it also sets, or prolongs, the cookie that goes with it. */
  tokenFor(req: Request, res: Response): string {
    const session = this.#sessionSubject(req)
    if (session) return this.#token(session)
    const nonce = this.#nonce(req) ?? randomToken(16)
    const until = String(this.#options.clock.now() + VISITOR_MS)
    const value = `${nonce}.${until}.${this.#signer.sign(`cookie ${nonce} ${until}`)}`
    res.cookie(this.#cookie.name, value, { ...this.#cookie.options, maxAge: VISITOR_MS })
    return this.#token(`visitor ${nonce}`)
  }

  /** Refuses a POST from elsewhere. Where no session is needed, a visitor's token does as well: a tab opened before signing in. */
  protect({ visitors }: { visitors: boolean }): RequestHandler {
    return (req, _res, next) => {
      const { decision } = this.#options.states.of(req)
      if (decision.kind === 'unavailable') return next(unavailable(decision.cause)) // which token is right, nobody knows
      const session = this.#sessionSubject(req)
      const nonce = visitors || !session ? this.#nonce(req) : null
      const subjects = [session, nonce && `visitor ${nonce}`].filter((each) => typeof each === 'string')
      const token = tokenOf(req)
      const genuine = isSameOrigin(req, this.#options.origin) && subjects.some((each) => this.#verify(each, token))
      next(genuine ? undefined : new SecurityError('csrf'))
    }
  }

  #sessionSubject(req: Request): string | null {
    const { decision } = this.#options.states.of(req)
    return decision.kind === 'live' ? `session ${decision.record.publicId}` : null
  }

  #nonce(req: Request): string | null {
    const [nonce, until, signature] = (readCookie(req, this.#cookie.name) ?? '').split('.')
    if (!nonce || !until || !signature || Number(until) < this.#options.clock.now()) return null
    return this.#signer.verify(`cookie ${nonce} ${until}`, signature) ? nonce : null
  }

  #token(subject: string): string {
    const salt = randomToken(SALT_BYTES)
    return `${salt}.${this.#signer.sign(`token ${salt} ${subject}`)}`
  }

  #verify(subject: string, token: string): boolean {
    const [salt, signature] = token.split('.')
    return Boolean(salt && signature) && this.#signer.verify(`token ${salt} ${subject}`, signature!)
  }
}

function tokenOf(req: Request): string {
  const body: unknown = req.body
  const typed = typeof body === 'object' && body !== null && 'csrfToken' in body ? body.csrfToken : undefined
  const token = typed ?? req.get('x-csrf-token')
  return typeof token === 'string' ? token : ''
}

/** `Sec-Fetch-Site` where the browser sends it, else `Origin`; a client that sends neither has the token alone. */
const isSameOrigin = (req: Request, origin: string): boolean => saysOrigin(req, origin) ?? true

/** Whether a browser says that the request comes from a page of this origin; null: nothing is said. */
export function saysOrigin(req: Request, origin: string): boolean | null {
  const site = req.get('sec-fetch-site')
  if (site) return site === 'same-origin' || site === 'none'
  const from = req.get('origin')
  return from === undefined ? null : from === origin
}
