import type { Request, Response } from 'express'
import { SecurityError } from '../src/core/errors.js'
import type { AuthenticationMethod, HostUser, UserDirectory } from '../src/core/users.js'
import type { OpenStreams } from '../src/features/sessions/open-streams.js'
import type { RequestStates } from './request-state.js'

/** The user as the session's record knows them; `loadUser()` reads your table. */
export interface SessionUser {
  id: string
  email: string
  name: string
}

/** The session of a request. Times are dates; `amr` is oldest first. */
export interface CurrentSession {
  /** The public id, safe to show and to log; the id in the cookie is told to nobody. */
  id: string
  amr: AuthenticationMethod[]
  createdAt: Date
  authenticatedAt: Date
}

interface Parts<U extends HostUser> {
  states: RequestStates
  users: UserDirectory<U>
  streams: OpenStreams
}

/** What handlers find in `req.security`. */
export class RequestSecurity<U extends HostUser = HostUser> {
  readonly #req: Request
  readonly #res: Response
  readonly #parts: Parts<U>
  #signal: AbortSignal | undefined

  constructor(req: Request, res: Response, parts: Parts<U>) {
    this.#req = req
    this.#res = res
    this.#parts = parts
  }

  /** Null when nobody is signed in. */
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

  /** Organizations come with their feature; until then nobody belongs to one. */
  get organization(): null {
    return null
  }

  /** API keys come with their feature; until then no request carries a valid one. */
  get apiKey(): null {
    return null
  }

  /**
   * Fires when this session is revoked or expires, on whichever process: end your SSE or WebSocket with it. Aborted
   * from the start when nobody is signed in.
   *
   * @example
   * req.security.signal.addEventListener('abort', () => res.end())
   */
  get signal(): AbortSignal {
    this.#signal ??= this.#open()
    return this.#signal
  }

  /** The user as your own table has it now; null when nobody is signed in or the row is gone. */
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
