import type { Request, Response } from 'express'
import { sha256, Signer } from '../src/core/crypto.js'
import { pageCookie, readCookie } from './cookies.js'

const KEPT_MS = 600_000
const LONGEST_ACTION = 200

/** What a guard asks for, that no form waits for. */
export interface Asked {
  /** Public id of the session. */
  sessionId: string
  /** The page to come back to. */
  path: string
  action: string | null
  amr: readonly string[] | null
}

/** Tells the step-up page what it is for, in a signed cookie: a link made by somebody else could say anything. */
export class StepUpCookie {
  readonly #signer: Signer
  readonly #cookie: ReturnType<typeof pageCookie>

  constructor(secrets: readonly string[], secure: boolean) {
    this.#signer = new Signer(secrets, 'step-up')
    this.#cookie = pageCookie('step_up', secure)
  }

  send(res: Response, { sessionId, path, action, amr }: Asked): void {
    const where = sha256(`${sessionId} ${path}`)
    const said = { where, action: action?.slice(0, LONGEST_ACTION) ?? null, amr }
    const text = Buffer.from(JSON.stringify(said)).toString('base64url')
    const value = `${text}.${this.#signer.sign(text)}`
    res.cookie(this.#cookie.name, value, { ...this.#cookie.options, maxAge: KEPT_MS })
  }

  /** What was asked for on the way to `path`; null: nothing in particular. */
  read(req: Request, sessionId: string, path: string | null): Pick<Asked, 'action' | 'amr'> | null {
    const [text, signature] = (readCookie(req, this.#cookie.name) ?? '').split('.')
    if (!text || !signature || path === null || !this.#signer.verify(text, signature)) return null
    const { where, action, amr } = JSON.parse(Buffer.from(text, 'base64url').toString()) as Asked & { where: string }
    return where === sha256(`${sessionId} ${path}`) ? { action, amr } : null
  }
}
