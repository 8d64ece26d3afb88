import type { Request, Response } from 'express'
import { SecurityError } from '../src/core/errors.js'
import type { CurrentSession, RequestSecurity, SessionUser } from '../src/core/request-security.js'
import type { HostUser, UserDirectory } from '../src/core/users.js'
import type { OpenStreams } from '../src/features/sessions/open-streams.js'
import type { RequestStates } from './request-state.js'

interface Parts<U extends HostUser> {
  states: RequestStates
  users: UserDirectory<U>
  streams: OpenStreams
}

/** What handlers find in `req.security`: the decision on their request, as it is when they ask. */
export class CheckedRequest<U extends HostUser = HostUser> implements RequestSecurity<U> {
  readonly #req: Request
  readonly #res: Response
  readonly #parts: Parts<U>
  #signal: AbortSignal | undefined

  constructor(req: Request, res: Response, parts: Parts<U>) {
    this.#req = req
    this.#res = res
    this.#parts = parts
  }

  get user(): SessionUser | null {
    const { decision } = this.#parts.states.of(this.#req)
    if (decision.kind !== 'live') return null
    const { userId, email, name } = decision.record
    return { id: userId, email, name }
  }

  get session(): CurrentSession | null {
    const { decision } = this.#parts.states.of(this.#req)
    if (decision.kind !== 'live') return null
    const { publicId, amr, createdAt, authenticatedAt } = decision.record
    return { id: publicId, amr, createdAt: new Date(createdAt), authenticatedAt: new Date(authenticatedAt) }
  }

  get organization(): null {
    return null
  }

  get apiKey(): null {
    return null
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#open()
    return this.#signal
  }

  async loadUser(): Promise<U | null> {
    const user = this.user && (await this.#parts.users.findById(this.user.id))
    return user?.row ?? null
  }

  #open(): AbortSignal {
    const { decision } = this.#parts.states.of(this.#req)
    if (decision.kind !== 'live') return AbortSignal.abort(new SecurityError('sign_in_required'))
    const { signal, close } = this.#parts.streams.open(decision.record)
    // an upgraded connection (WebSocket) has no answer that could end: it ends with its socket
    const ends = this.#req.headers.upgrade === undefined ? this.#res : this.#req.socket
    if (ends.closed || ends.destroyed) close()
    else ends.once('close', close)
    return signal
  }
}
