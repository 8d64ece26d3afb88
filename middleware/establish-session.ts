import type { Request, Response } from 'express'
import { SecurityError, unavailable } from '../src/core/errors.js'
import type { SignIn, Proven } from '../src/features/sign-in/complete-sign-in.js'
import type { Proof } from '../src/features/sessions/record-changes.js'
import type { SessionRecord } from '../src/features/sessions/session.js'
import { ANONYMOUS } from '../src/features/sessions/session.js'
import type { By, Sessions } from '../src/features/sessions/sessions.js'
import type { Change } from '../src/stores/sql/database.js'
import { originOf, type ClientAddress } from './client-address.js'
import type { KnownDeviceCookie } from './known-device.js'
import type { RequestStates } from './request-state.js'
import type { LogInOptions, SessionCarrier } from './session-carrier.js'

interface Parts {
  signIn: SignIn
  sessions: Sessions
  carrier: SessionCarrier
  knownDevice: KnownDeviceCookie
  addressOf: ClientAddress
  states: RequestStates
}

/** What happens to a request's session: it begins, goes on under a new id, or ends. The registry first, the cookie after. */
export class RequestSession {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Ends a sign-in: gates, registration, new id; then the request is that user's. */
  async begin(
    req: Request,
    proven: Proven,
    { remember, options = {} }: { remember: boolean; options?: LogInOptions },
  ): Promise<SessionRecord> {
    const { carrier, states, signIn } = this.#parts
    carrier.assertCanSend(req)
    const { decision } = states.of(req)
    if (decision.kind === 'unavailable') throw unavailable(decision.cause)
    const arrival = {
      remember,
      origin: originOf(req, this.#parts.addressOf),
      replaces: decision.kind === 'live' ? decision.record.publicId : null,
    }
    const { idHash, record } = await signIn.complete(proven, arrival, (register) =>
      carrier.begin(req, proven.user, register, options),
    )
    states.set(req, { idHash, decision: { kind: 'live', record } })
    await this.#parts.knownDevice.remember(req, record.userId, proven.epoch)
    return record
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

  /** Rotates the session with a fresh proof. False when it has ended, or its user's credential has changed, meanwhile. */
  async renew(req: Request, proof: Proof, work: (change: Change) => Promise<void>): Promise<boolean> {
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
