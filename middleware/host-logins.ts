import type { Request, RequestHandler, Response } from 'express'
import { ConfigurationError, SecurityError, unavailable } from '../src/core/errors.js'
import type { SessionReason } from '../src/core/reasons.js'
import type { AuthenticationMethod, UserDirectory } from '../src/core/users.js'
import { ANONYMOUS } from '../src/features/sessions/session.js'
import type { Vouch } from '../src/features/sign-in/vouch.js'
import type { RequestSession } from './establish-session.js'
import { holdAnswer } from './hold-answer.js'
import type { HostClaims } from './host-claims.js'
import { setPassportUser, type PassportMethods } from './passport.js'
import type { RequestStates } from './request-state.js'

type Done = (error?: unknown) => void

/** Ended by somebody: a client that signs in by itself on every request must not simply replace it. */
const REVOKED: ReadonlySet<SessionReason> = new Set([
  'revoked',
  'revoked_others',
  'password_changed',
  'factor_changed',
  'disabled',
  'host',
])

interface Parts {
  claims: HostClaims
  methods: PassportMethods
  states: RequestStates
  users: UserDirectory
  requestSession: RequestSession
  vouch: Vouch
  report: (error: unknown) => void
}

/** The host's `req.logIn` and `req.logOut`: the same names and arguments, and the one door behind them. */
export class HostLogins {
  readonly middleware: RequestHandler
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
    this.middleware = (req, res, next) => {
      parts.methods.wrap(req, 'logIn', (user, options, done) => this.#logIn(req, res, user, options, done as Done))
      parts.methods.wrap(req, 'logOut', (options, done) => this.#logOut(req, res, options, done as Done))
      next()
    }
  }

  /** With a callback as Passport has it; without one it answers a promise. `session: false` is Passport's own business. */
  #logIn(req: Request, res: Response, user: unknown, given?: unknown, last?: Done): unknown {
    const { options, done } = argumentsOf(given, last)
    const original = this.#parts.methods.original(req, 'logIn')
    if (options.session === false) return original?.call(req, user, options, done)
    return this.#settle(req, res, this.#signIn(req, user, options), done)
  }

  async #signIn(req: Request, passportUser: unknown, options: Record<string, unknown>): Promise<void> {
    const { users, states, requestSession, vouch } = this.#parts
    const id = users.idOf(passportUser)
    const { decision } = states.of(req)
    if (decision.kind === 'unavailable') throw unavailable(decision.cause)
    if (req.headers.authorization !== undefined) {
      if (decision.kind === 'dead' && REVOKED.has(decision.reason)) throw new SecurityError('session_revoked')
      if (decision.kind === 'live' && decision.record.userId === id) return setPassportUser(req, passportUser)
    }
    const user = await users.findById(id)
    if (!user)
      throw new ConfigurationError(
        `users.findById(${JSON.stringify(id)}) finds nobody, yet req.logIn was called with that user`,
      )
    const { amr = [], remember = false, ...rest } = options
    const proven = await vouch(req, { ...user, row: passportUser }, amr as AuthenticationMethod['method'][])
    const { owes } = await requestSession.begin(req, proven, { remember: remember === true, options: rest })
    if (owes) setPassportUser(req, null) // half-finished: guards lead to what is owed
  }

  #logOut(req: Request, res: Response, given?: unknown, last?: Done): unknown {
    const { options, done } = argumentsOf(given, last)
    return this.#settle(req, res, this.#signOut(req, options), done)
  }

  async #signOut(req: Request, options: Record<string, unknown>): Promise<void> {
    const { methods, claims, requestSession, states } = this.#parts
    const original = methods.original(req, 'logOut')
    const isOld = original?.length === 0
    claims.unmark(req)
    if (isOld)
      original.call(req) // at once, as its callers expect
    else setPassportUser(req, null)
    await requestSession.revokeOwn(req)
    if (original && !isOld)
      await new Promise<void>((resolve, reject) => {
        original.call(req, options, (error: unknown) => (error ? reject(asError(error)) : resolve()))
      })
    claims.unmark(req) // `keepSessionInfo` has brought it along
    states.set(req, { idHash: null, decision: ANONYMOUS })
  }

  /** Passport before 0.6 does all of it at once, and the host answers without waiting: then the answer waits. */
  #settle(req: Request, res: Response, work: Promise<void>, done: Done | undefined): Promise<void> | undefined {
    const { report } = this.#parts
    holdAnswer(res, work, report)
    // what the host's callback throws would end the process; Express passes on errors of its own in this way
    if (done) return void work.then(() => done(), done).catch((error: unknown) => (req.next ?? report)(error))
    work.catch(report) // nor must a host that does not wait
    return work
  }
}

function argumentsOf(given: unknown, last?: Done): { options: Record<string, unknown>; done: Done | undefined } {
  if (typeof given === 'function') return { options: {}, done: given as Done }
  return { options: (given ?? {}) as Record<string, unknown>, done: last }
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error('req.logOut failed', { cause: error }))
