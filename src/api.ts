import type { ErrorRequestHandler, Request, RequestHandler, Router } from 'express'
import type { EventAction, SecurityEvent } from './core/events.js'
import type { RateLimitOptions } from '../middleware/rate-limit-options.js'
import type { ApiKeyOptions, StepUpOptions } from './core/guard-options.js'
import type { PasswordStrategyOptions } from './core/strategy-options.js'
import type { AuthenticationMethod, HostUser } from './core/users.js'

// What a host's compiler reads: it imports no types but Express's, so that ours need nothing a host may not have.

/** What `passport.use` takes; said in our own words, so that nobody needs Passport's types. */
export interface PassportStrategy {
  name?: string
  authenticate(req: Request, options?: unknown): void
}

/** What a host mounts, guards with and calls. */
export interface Security {
  /** Session and check on every request, and the security pages under `basePath`. Mount it before your routes. */
  router: Router
  /** Mount it last: a refused guard becomes a redirect, a page or problem+json. */
  errorHandler: ErrorRequestHandler
  /** Lets signed-in users pass. */
  requireSession(): RequestHandler
  /** Lets users pass whose last proof is at most `maxAge` old; asks the others for a fresh one. */
  requireStepUp(options?: StepUpOptions): RequestHandler
  /** Lets requests with an API key of these scopes pass. */
  requireApiKey(options: ApiKeyOptions): RequestHandler
  /** Lets so many requests pass, per user or for visitors per network, and answers 429 to more. */
  rateLimit(options: RateLimitOptions): RequestHandler
  /**
   * Runs your own check of a password under the sign-in throttle and in the hashing lane: counted before, given back
   * when it was right. What it answers is right unless it is falsy: answer null or false for a wrong password, never an
   * object that says so. Throws SecurityError `too_many_requests` (429), `bad_request` for an e-mail that is no text, or
   * `busy` (503) when too many wait or your check has not ended after 5 seconds.
   */
  throttleSignIn<T>(req: Request, email: string, verify: () => Promise<T> | T): Promise<T>
  /** Signs a user in whose identity you have proven; the same door as every other sign-in. */
  signIn(
    req: Request,
    user: HostUser,
    proof: { amr: AuthenticationMethod['method'][]; remember?: boolean },
  ): Promise<void>
  sessions: {
    /** Ends a user's sessions, `except` one (public id); resolves with their number when no request of theirs is accepted any more. */
    revokeAll(userId: string, options?: { except?: string; reason?: 'revoked' | 'host' }): Promise<number>
  }
  passwords: {
    /** Sets a password and ends all sessions of the user. Throws when the password breaks the rules. */
    set(userId: string, plain: string): Promise<void>
    /** True when the user has a password here. */
    exists(userId: string): Promise<boolean>
  }
  users: {
    /** Ends all sessions of a user and refuses new ones. Resolves with the number of sessions ended. */
    disable(userId: string): Promise<number>
    enable(userId: string): Promise<void>
  }
  strategies: {
    /**
     * A Passport strategy named `password`, for your own Passport: success gives the user as `findByEmail` returned it,
     * failure the info `{ code: 'invalid_credentials' }`. It starts no session; works without `security.router`.
     *
     * @example
     * passport.use(security.strategies.password())
     */
    password(options?: PasswordStrategyOptions): PassportStrategy
  }
  fragments: {
    /** The list of the user's sessions as HTML, for a page of your own. */
    sessions(req: Request): Promise<string>
    /** Addresses of the style sheets that fragments look best with, in their order. */
    styles: readonly string[]
  }
  /** Calls `listener` after commit, once, on the process where it happened. Returns how to stop. */
  on<A extends EventAction>(action: A, listener: (event: SecurityEvent<A>) => unknown): () => void
  /** Closes connections and stops the background work. */
  close(): Promise<void>
}
