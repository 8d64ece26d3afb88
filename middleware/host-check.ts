import type { Request, Response } from 'express'
import { sha256 } from '../src/core/crypto.js'
import type { Clock } from '../src/core/clock.js'
import { ConfigurationError, SecurityError } from '../src/core/errors.js'
import type { UserDirectory } from '../src/core/users.js'
import { ANONYMOUS, type Decision } from '../src/features/sessions/session.js'
import type { Sessions } from '../src/features/sessions/sessions.js'
import type { SignIn } from '../src/features/sign-in/complete-sign-in.js'
import { originOf, type ClientAddress } from './client-address.js'
import { emptySession, hideSession } from './empty-session.js'
import { holdAnswer } from './hold-answer.js'
import type { Claim, HostClaims } from './host-claims.js'
import { storeOf, type HostStores } from './host-store.js'
import { SUPERSEDED, type RequestStates } from './request-state.js'

const CONTRADICTION =
  'the session data names another user than the one who signed in; sign users in with req.logIn or security.signIn, ' +
  'not by writing into req.session. The request goes on signed out'

interface Parts {
  claims: HostClaims
  stores: HostStores
  states: RequestStates
  sessions: Pick<Sessions, 'check' | 'signOutById'>
  signIn: SignIn
  users: UserDirectory
  clock: Clock
  addressOf: ClientAddress
  /** Until when sessions are taken over that are older than the registry, milliseconds since the epoch; 0: never. */
  adoptUntil: number
  report: (error: unknown) => void
}

/** What happens to the host's session before host code sees the request: it is believed, taken over, or emptied. */
export class HostCheck {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  readonly enter = async (req: Request, res: Response): Promise<void> => {
    const { claims, states } = this.#parts
    const claim = claims.of(req)
    const idHash = sha256(req.sessionID)
    if (!claim) {
      if (claims.isForgotten(req)) await this.#signOut(req, idHash)
      return states.set(req, { idHash, decision: ANONYMOUS })
    }
    const decision = await this.#decide(req, claim, idHash)
    states.set(req, { idHash, decision })
    if (decision.kind === 'live') this.#watchSignOut(req, res)
    else if (decision.kind === 'unavailable') hideSession(req, res, storeOf(req)!, decision.cause)
    else this.#empty(req, res, decision)
  }

  async #signOut(req: Request, idHash: string): Promise<void> {
    try {
      await this.#parts.sessions.signOutById(idHash)
      this.#parts.claims.unmark(req)
    } catch (error) {
      this.#parts.report(error) // the next request tries again
    }
  }

  async #decide(req: Request, claim: Claim, idHash: string): Promise<Decision> {
    const { sessions, claims, report } = this.#parts
    const found = await sessions.check(idHash)
    const decision = this.#mayAdopt(found, claim) ? await this.#adopt(req, claim.userId, idHash) : found
    if (decision.kind !== 'live' || !claims.contradicts(claim, decision.record.userId)) return decision
    report(new ConfigurationError(CONTRADICTION))
    return { kind: 'dead', reason: 'unknown' }
  }

  #mayAdopt(found: Decision, claim: Claim): claim is Claim & { userId: string } {
    const isUnknown = found.kind === 'dead' && found.reason === 'unknown'
    return isUnknown && claim.userId !== null && this.#parts.clock.now() < this.#parts.adoptUntil
  }

  /** Parallel requests of one browser all come here; one of them registers the id, the others find it registered. */
  async #adopt(req: Request, userId: string, idHash: string): Promise<Decision> {
    const { users, signIn, sessions, addressOf } = this.#parts
    try {
      const user = await users.findById(userId)
      const record = user && (await signIn.adopt(user, idHash, originOf(req, addressOf)))
      return record ? { kind: 'live', record } : await sessions.check(idHash)
    } catch (cause) {
      return cause instanceof SecurityError ? { kind: 'dead', reason: 'unknown' } : { kind: 'unavailable', cause }
    }
  }

  /**
   * The session is over. A client that sends its password with every request (HTTP Basic) keeps the dead id, so that
   * it is known again: it would replace a revoked session at once. An id that nobody knows would only be asked for again.
   */
  #empty(req: Request, res: Response, decision: Decision & { kind: 'dead' | 'anonymous' }): void {
    const [store, sid] = [storeOf(req)!, req.sessionID]
    const isUnknown = decision.kind === 'dead' && decision.reason === 'unknown'
    const isAutomatic = req.headers.authorization !== undefined && !isUnknown
    const isSuperseded = decision.kind === 'dead' && SUPERSEDED.has(decision.reason)
    emptySession(req, res, store, !isAutomatic && !isSuperseded)
    if (!isAutomatic) this.#parts.stores.drop(store, sid)
  }

  /** A host may sign out by `req.session.destroy()` alone, without waiting: then its answer waits. */
  #watchSignOut(req: Request, res: Response): void {
    const { session } = req
    const { report } = this.#parts
    const [destroy, regenerate] = [session.destroy.bind(session), session.regenerate.bind(session)]
    const forget = () => this.#parts.states.set(req, { idHash: null, decision: ANONYMOUS })
    const value = (done: (error?: unknown) => void = report) => {
      const work = new Promise<void>((resolve) => {
        destroy((error: unknown) => {
          if (!error) forget()
          resolve()
          if (error || done !== report) done(error)
        })
      })
      holdAnswer(res, work, report)
      return session
    }
    const anew = (done: (error?: unknown) => void) =>
      regenerate((error: unknown) => {
        if (!error) forget()
        done(error)
      })
    const own = { configurable: true, writable: true, enumerable: false }
    Object.defineProperties(session, { destroy: { value, ...own }, regenerate: { value: anew, ...own } })
  }
}
