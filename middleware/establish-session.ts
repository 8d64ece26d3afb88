import type { Request, Response } from 'express'
import { SecurityError, unavailable } from '../src/core/errors.js'
import type { Owed, Proven, SignIn } from '../src/features/sign-in/complete-sign-in.js'
import type { HalfFinished, HalfFinishedSignIns } from '../src/features/sign-in/half-finished.js'
import type { TrustedBrowsers } from '../src/features/trusted-browsers/trusted-browsers.js'
import type { Claimant, Given } from '../src/features/two-factor/second-factors.js'
import type { Proof } from '../src/features/sessions/keep-session.js'
import type { SessionRecord } from '../src/features/sessions/session.js'
import { ANONYMOUS } from '../src/features/sessions/session.js'
import type { By, Sessions } from '../src/features/sessions/sessions.js'
import type { Change } from '../src/stores/sql/database.js'
import { randomToken } from '../src/core/crypto.js'
import { originOf, type ClientAddress } from './client-address.js'
import type { HalfFinishedCookie } from './half-finished-cookie.js'
import type { KnownDeviceCookie } from './known-device.js'
import type { RequestStates } from './request-state.js'
import type { LogInOptions, SessionCarrier } from './session-carrier.js'
import type { UserCookie } from './user-cookie.js'

export interface RequestSessionParts {
  signIn: SignIn
  sessions: Sessions
  carrier: SessionCarrier
  knownDevice: KnownDeviceCookie
  halfFinished: HalfFinishedSignIns
  halfFinishedCookie: HalfFinishedCookie
  trusted: TrustedBrowsers
  trustCookie: UserCookie
  addressOf: ClientAddress
  states: RequestStates
}

interface BeginOptions {
  remember: boolean
  returnTo?: string | null
  options?: LogInOptions
}

/** A session, or what is owed before there is one. */
export type Begun = { owes: null; record: SessionRecord } | { owes: Owed; record: null }

/** What happens to a request's session: it begins, goes on under a new id, or ends. The registry first, the cookie after. */
export class RequestSession {
  readonly #parts: RequestSessionParts

  constructor(parts: RequestSessionParts) {
    this.#parts = parts
  }

  /**
   * Ends a sign-in: gates, registration, new id; then the request is that user's. Where something is owed first, the
   * sign-in is half-finished: nobody is signed in, and the browser carries what it needs to go on.
   */
  async begin(req: Request, proven: Proven, { remember, returnTo = null, options = {} }: BeginOptions): Promise<Begun> {
    const { carrier, states, signIn } = this.#parts
    carrier.assertCanSend(req)
    const { decision } = states.of(req)
    if (decision.kind === 'unavailable') throw unavailable(decision.cause)
    const arrival = {
      remember,
      origin: originOf(req, this.#parts.addressOf),
      replaces: decision.kind === 'live' ? decision.record.publicId : null,
      trustToken: (userId: string) => this.#parts.trustCookie.tokenFor(req, userId),
      isNewDevice: (userId: string) => this.#parts.knownDevice.isNew(req, userId),
    }
    const outcome = await signIn.complete(proven, arrival, (register) =>
      carrier.begin(req, proven.user, register, options),
    )
    if (outcome.owes) return this.#halfWay(req, proven, { owes: outcome.owes, remember, returnTo })
    const { idHash, record } = outcome.done
    states.set(req, { idHash, decision: { kind: 'live', record } })
    if (req.res) this.#parts.halfFinishedCookie.forget(req, req.res)
    await this.#parts.knownDevice.remember(req, record.userId, proven.epoch)
    return { owes: null, record }
  }

  /** Whoever was signed in here is not the one who is half way in; so nobody is, meanwhile. */
  async #halfWay(req: Request, proven: Proven, rest: { owes: Owed; remember: boolean; returnTo: string | null }) {
    const { halfFinished, halfFinishedCookie, states } = this.#parts
    const { decision } = states.of(req)
    if (decision.kind === 'live' && decision.record.userId !== proven.user.id && req.res) await this.end(req, req.res)
    const token = await halfFinished.begin(proven, rest)
    if (req.res) halfFinishedCookie.send(req.res, token)
    return { owes: rest.owes, record: null }
  }

  /** The half-finished sign-in that the browser carries; null: none that still stands. */
  async halfFinished(req: Request): Promise<HalfFinished | null> {
    const token = this.#parts.halfFinishedCookie.tokenOf(req)
    return token === null ? null : this.#parts.halfFinished.find(token)
  }

  /** Ends a half-finished sign-in with its second proof; `trust`: this browser is not asked for it again for a while. */
  async finish(
    req: Request,
    half: HalfFinished,
    given: Given,
    { trust = false, epoch }: { trust?: boolean; epoch?: number } = {},
  ): Promise<Begun> {
    const { trusted, trustCookie, halfFinished, addressOf } = this.#parts
    const token = trust && trusted.trustMs !== null ? randomToken() : null
    const by: By = { actor: { type: 'user', id: half.user.id }, origin: originOf(req, addressOf) }
    const settle: Proven['settle'] = async (change) => {
      await given.settle?.(change)
      if (token !== null) await trusted.trust(change, half.user.id, token, by)
    }
    const begun = await this.begin(req, halfFinished.proven(half, given.method, settle, epoch), half)
    if (token !== null && begun.record) trustCookie.send(req, half.user.id, token, trusted.trustMs!)
    return begun
  }

  /** A new id for the same session: `ids` go into the transaction that makes it so, `done` puts the request under it. */
  renewal(req: Request): { ids: { from: string; to: string }; done: (record: SessionRecord) => void } {
    const { idHash: from } = this.#parts.states.of(req)
    if (!from) throw new SecurityError('sign_in_required')
    const { idHash, move } = this.#parts.carrier.renewal(req)
    const done = (record: SessionRecord) => {
      move(record)
      this.#parts.states.set(req, { idHash, decision: { kind: 'live', record } })
    }
    return { ids: { from, to: idHash }, done }
  }

  /**
   * Rotates the session, with a fresh proof where there is one. False when it has ended meanwhile, or the credential of
   * what was proven has changed.
   */
  async renew(req: Request, proof: Proof | null, work: (change: Change) => Promise<void>): Promise<boolean> {
    const { ids, done } = this.renewal(req)
    const record = await this.#parts.sessions.renew(ids, proof, work)
    if (record) done(record)
    return record !== null
  }

  /** Signs out: ends the session, and forgets it at the browser. */
  async end(req: Request, res: Response): Promise<void> {
    const { idHash } = this.#parts.states.of(req)
    await this.revokeOwn(req)
    await this.#parts.carrier.end(req, res)
    this.#parts.states.set(req, { idHash, decision: ANONYMOUS })
  }

  /** Ends the session of this request in the registry, as signed out. */
  async revokeOwn(req: Request): Promise<void> {
    const { decision } = this.#parts.states.of(req)
    if (decision.kind === 'unavailable') throw unavailable(decision.cause)
    if (decision.kind === 'live')
      await this.#parts.sessions.revoke({ publicId: decision.record.publicId }, this.by(req), 'signed_out')
  }

  /** Who gives a second factor on a request; `boundTo` is their session, or their half-finished sign-in. */
  claimant(req: Request, userId: string, boundTo: string): Claimant {
    const { addressOf, knownDevice } = this.#parts
    const by: By = { actor: { type: 'user', id: userId }, origin: originOf(req, addressOf) }
    return { userId, boundTo, by, deviceToken: (id) => knownDevice.tokenFor(req, id) }
  }

  /** The signed-in user as the actor of a change. */
  by(req: Request): By {
    const { decision } = this.#parts.states.of(req)
    const origin = originOf(req, this.#parts.addressOf)
    return {
      actor: decision.kind === 'live' ? { type: 'user', id: decision.record.userId } : { type: 'visitor' },
      origin,
    }
  }
}
