import type { AuthenticationMethod, HostUser } from './users.js'

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

/** What handlers find in `req.security`. */
export interface RequestSecurity<U extends HostUser = HostUser> {
  /** Null when nobody is signed in. */
  readonly user: SessionUser | null
  /** Null when nobody is signed in. */
  readonly session: CurrentSession | null
  /** Organizations come with their feature; until then nobody belongs to one. */
  readonly organization: null
  /** API keys come with their feature; until then no request carries a valid one. */
  readonly apiKey: null
  /**
   * Fires when this session is revoked or expires, on whichever process: end your SSE or WebSocket with it. Aborted
   * from the start when nobody is signed in.
   *
   * @example
   * req.security.signal.addEventListener('abort', () => res.end())
   */
  readonly signal: AbortSignal
  /** The user as your own table has it now; null when nobody is signed in or the row is gone. */
  loadUser(): Promise<U | null>
}
