import type { Request, Response } from 'express'
import type { AuthenticationMethod } from '../src/core/users.js'
import type { SignIn, Proven } from '../src/features/sign-in/complete-sign-in.js'
import type { SessionRecord } from '../src/features/sessions/session.js'
import { ANONYMOUS } from '../src/features/sessions/session.js'
import type { By, Sessions } from '../src/features/sessions/sessions.js'
import type { Change } from '../src/stores/sql/database.js'
import { originOf, type ClientAddress } from './client-address.js'
import { setState, stateOf } from './request-state.js'
import type { SessionCookie } from './session.js'

interface Parts {
  signIn: SignIn
  sessions: Sessions
  cookie: SessionCookie
  addressOf: ClientAddress
}

/** What happens to a request's session: it begins, goes on under a new id, or ends. The registry first, the cookie after. */
export class RequestSession {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Ends a sign-in: gates, registration, new id; then the request is that user's. */
  async begin(req: Request, proven: Proven, { remember }: { remember: boolean }): Promise<SessionRecord> {
    const { decision } = stateOf(req)
    const id = this.#parts.cookie.newId()
    const record = await this.#parts.signIn.complete(proven, {
      idHash: id.idHash,
      remember,
      origin: originOf(req, this.#parts.addressOf),
      replaces: decision.kind === 'live' ? decision.record.publicId : null,
    })
    this.#parts.cookie.moveTo(req, id, record, false)
    setState(req, { idHash: id.idHash, decision: { kind: 'live', record } })
    return record
  }

  /** A new id for the same session. False when it ended meanwhile, or another request was first: then no cookie is sent. */
  async renew(
    req: Request,
    proof: { amr: AuthenticationMethod[]; authenticatedAt: number } | null = null,
    work?: (change: Change) => Promise<void>,
  ): Promise<boolean> {
    const { idHash } = stateOf(req)
    if (!idHash) return false
    const id = this.#parts.cookie.newId()
    const record = await this.#parts.sessions.renew({ from: idHash, to: id.idHash }, proof, work)
    if (!record) return false
    this.#parts.cookie.moveTo(req, id, record, true)
    setState(req, { idHash: id.idHash, decision: { kind: 'live', record } })
    return true
  }

  /** Signs out: ends the session and expires the cookie. */
  async end(req: Request, res: Response): Promise<void> {
    const { idHash, decision } = stateOf(req)
    if (decision.kind === 'live')
      await this.#parts.sessions.revoke({ publicId: decision.record.publicId }, this.by(req), 'signed_out')
    this.#parts.cookie.clear(res)
    setState(req, { idHash, decision: ANONYMOUS })
  }

  /** The signed-in user as the actor of a change. */
  by(req: Request): By {
    const { decision } = stateOf(req)
    const origin = originOf(req, this.#parts.addressOf)
    return {
      actor: decision.kind === 'live' ? { type: 'user', id: decision.record.userId } : { type: 'visitor' },
      origin,
    }
  }
}
