import type { Application, ErrorRequestHandler, Request, RequestHandler, Router } from 'express'
import type { EventAction, SecurityEvent } from './core/events.js'
import type { RateLimitOptions } from '../middleware/rate-limit-options.js'
import type { SecondFactorStrategyOptions } from '../strategies/second-factor-options.js'
import type { StepUpOptions } from '../middleware/step-up-options.js'
import type { ApiKeyOptions } from './core/guard-options.js'
import type { PasskeyRequestOptions } from './core/passkey-options.js'
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
  /**
   * Puts the door of the sign-ins before your app: while more people sign in than passwords can be verified, `POST
   * {basePath}/sign-in` is answered 503 `busy` here, before Express has worked on it; all else goes straight through.
   * Call it once per server of node:http or node:https, after that has got your app. It stays as long as the server does.
   * Throws ConfigurationError for anything else, a server that has no app yet, or the second time.
   *
   * @example
   * const server = app.listen(3000)
   * security.attachTo(server)
   */
  attachTo(server: ReturnType<Application['listen']>): void
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
  /**
   * Signs a user in whose identity you have proven; the same door as every other sign-in. It resolves also where a second
   * factor, or to set one up, is owed first: then the sign-in is half-finished, nobody is signed in, and guards lead to
   * `{basePath}/two-factor`. Throws SecurityError `invalid_credentials` for a disabled user, and when the user's
   * credential has changed, or all sessions were ended, since the request came; `unavailable` (503) when no store can tell
   * who is signed in here. A store that fails meanwhile is an error that `errorHandler` answers alike. Throws
   * ConfigurationError for a request that did not pass `security.router`, and once the answer's headers are sent.
   */
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
    /**
     * Sets a password, ends all sessions of the user, and forgets known devices and trusted browsers. Throws FormError
     * `password_rules` when the password breaks the rules, and SecurityError `not_found` for a user whom `findById` does
     * not know.
     */
    set(userId: string, plain: string): Promise<void>
    /** True when the user has a password here. */
    exists(userId: string): Promise<boolean>
  }
  users: {
    /** Ends all sessions of a user and refuses new ones. Resolves with the number of sessions ended. */
    disable(userId: string): Promise<number>
    /** Lets a user sign in again whom `disable` has shut out; sessions that have ended stay ended. */
    enable(userId: string): Promise<void>
    /**
     * Say that your table has a new address for a user: links that were sent to the old one are dead, and the old one,
     * `previousEmail`, is told of it by mail.
     */
    emailChanged(userId: string, email: string, options?: { previousEmail?: string }): Promise<void>
  }
  members: {
    /**
     * Sends a link, good for 72 hours, with which the user of an account that you have made chooses its password. It takes
     * the place of an earlier one. Throws ConfigurationError without `mail`, and where your own table keeps the passwords;
     * SecurityError `not_found` for a user whom `findById` does not know, `forbidden` for one who is disabled, or whose
     * credential changes at this moment.
     */
    invite(userId: string): Promise<void>
    /**
     * Removes the authenticator app and the recovery codes of somebody who has lost them, and ends all their sessions;
     * the reason stands in the audit log. Passkeys stay, unless `passkeys: true` says that they are lost too. Throws
     * SecurityError `invalid_form` without a reason, or for one of over 500 characters or with a NUL in it, and
     * `not_found` for a user whom `findById` does not know.
     */
    resetTwoFactor(
      userId: string,
      options: { reason: string; passkeys?: boolean },
    ): Promise<{ wasEnabled: boolean; passkeysRemoved: number; sessionsRevoked: number }>
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
    /**
     * A Passport strategy named `totp`: verifies the code in `req.body.code` of the user whom the request has already.
     * Failure info: `{ code: 'invalid_code' }`, `code_already_used`, `challenge_void` or `sign_in_required`; too many
     * wrong ones are an error, `too_many_requests` (429).
     *
     * @example
     * passport.use(security.strategies.totp())
     */
    totp(options?: SecondFactorStrategyOptions): PassportStrategy
    /** The same for `req.body.recoveryCode`, named `recovery-code`; success has the info `{ left }`. */
    recoveryCode(options?: SecondFactorStrategyOptions): PassportStrategy
    /**
     * A Passport strategy named `passkey`: success gives the user as `findById` returned it, failure the info
     * `{ code: 'invalid_passkey' }`. It answers challenges of `passkeys.signInOptions`, and those of our own pages.
     */
    passkey(): PassportStrategy
  }
  passkeys: {
    /**
     * Options for `navigator.credentials.get` of a visitor (WebAuthn Level 3, 5.1.10), for a sign-in page of your own:
     * good for one use, within five minutes, in the browser that this request came from (a cookie is set). Throws
     * ConfigurationError where `origin` is an IP address.
     */
    signInOptions(req: Request): Promise<PasskeyRequestOptions>
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
