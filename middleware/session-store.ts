import type { CookieOptions, Request } from 'express'
import session from 'express-session'
import { sha256 } from '../src/core/crypto.js'
import type { Clock } from '../src/core/clock.js'
import type { SessionData, StoredData } from '../src/core/session-data.js'
import { ANONYMOUS, type Decision } from '../src/features/sessions/session.js'
import { SUPERSEDED, type RequestStates } from './request-state.js'

type Loaded = { idHash: string; decision: Decision; owner: string | null; expiresAt: number; unsaved: boolean }
type Done = (error?: unknown) => void

/** Data of a visitor without a sign-in is kept for a day. */
const VISITOR_MS = 86_400_000

interface Parts {
  clock: Clock
  data: SessionData
  check: (idHash: string) => Promise<Decision>
  signOut: (publicId: string) => Promise<void>
  states: RequestStates
  /** Attributes of the session cookie. */
  cookie: CookieOptions
  report: (error: unknown) => void
}

const isSuperseded = (decision: Decision) => decision.kind === 'dead' && SUPERSEDED.has(decision.reason)
/** A session that is over for good; `unknown` is the id of a visitor, who goes on with it. */
const isOver = (decision: Decision) =>
  decision.kind === 'dead' && decision.reason !== 'unknown' && !SUPERSEDED.has(decision.reason)

const destroyAnd = (made: session.Session, after: () => void) =>
  function destroy(callback: Done = () => {}) {
    return Object.getPrototypeOf(made).destroy.call(made, (error: unknown) => {
      if (!error) after()
      callback(error)
    })
  }

/**
 * The store that express-session sees. It maps the id to its hash, and asks for data and decision in the same tick:
 * one round trip. Data is stored with its owner; whoever is not that owner any more finds an empty session, so a late
 * save by a request of a dead session brings nothing back. A loaded session has a cookie without expiry, which
 * express-session never sends again: the cookie goes out only when the id changes.
 */
export class SessionStore extends session.Store {
  readonly #parts: Parts
  readonly #loaded = new WeakMap<object, Loaded>()
  /** Set by express-session. */
  declare generate: (req: Request) => void

  constructor(parts: Parts) {
    super()
    this.#parts = parts
  }

  override get(sid: string, callback: (error: unknown, data?: session.SessionData | null) => void): void {
    this.#load(sha256(sid)).then(
      (data) => callback(null, data),
      (error: unknown) => callback(error),
    )
  }

  async #load(idHash: string): Promise<session.SessionData> {
    const [decision, data] = await Promise.all([this.#parts.check(idHash), this.#data(idHash)])
    const live = decision.kind === 'live' ? decision.record : null
    const owner = live?.publicId ?? null
    const mine = data !== 'unavailable' && data !== null && data.owner === owner && decision.kind !== 'unavailable'
    const loaded = {
      ...(mine ? data.session : {}),
      cookie: { ...this.#parts.cookie, originalMaxAge: null },
    } as session.SessionData
    this.#loaded.set(loaded, {
      idHash,
      decision,
      owner,
      expiresAt: live?.expiresAt ?? this.#parts.clock.now() + VISITOR_MS,
      unsaved: data === 'unavailable' || decision.kind === 'unavailable' || isSuperseded(decision),
    })
    return loaded
  }

  /** What was not loaded is not saved over either. */
  async #data(idHash: string): Promise<StoredData | null | 'unavailable'> {
    try {
      return await this.#parts.data.load(idHash)
    } catch (error) {
      this.#parts.report(error)
      return error instanceof SyntaxError ? null : 'unavailable' // what nobody can read is lost, and may be replaced
    }
  }

  override createSession(req: Request, data: session.SessionData) {
    const loaded = this.#loaded.get(data)
    if (!loaded) return super.createSession(req, data)
    this.#parts.states.set(req, { idHash: loaded.idHash, decision: loaded.decision })
    if (isOver(loaded.decision)) {
      // Whoever else holds the dead id must not share what this browser stores from now on: a new id, which is sent
      // and saved only when the host stores something under it.
      this.generate(req)
      return req.session
    }
    const made = super.createSession(req, data)
    this.#loaded.set(made, loaded)
    const forget = () => this.#parts.states.set(req, { idHash: null, decision: ANONYMOUS })
    Object.defineProperty(made, 'destroy', { value: destroyAnd(made, forget), configurable: true, writable: true })
    return made
  }

  /** The host's `req.session.regenerate()`: as with `destroy`, nobody is signed in after it. */
  override regenerate(req: Request, callback: (error?: unknown) => void): void {
    super.regenerate(req, (error) => {
      if (!error) this.#parts.states.set(req, { idHash: null, decision: ANONYMOUS })
      callback(error)
    })
  }

  /** Says whose a session is that was just generated for a sign-in or a rotation. */
  own(made: object, idHash: string, record: { publicId: string; expiresAt: number }): void {
    const owner = record.publicId
    this.#loaded.set(made, {
      idHash,
      decision: { kind: 'anonymous' },
      owner,
      expiresAt: record.expiresAt,
      unsaved: false,
    })
  }

  override set(sid: string, data: session.SessionData, callback: Done = () => {}): void {
    const loaded = this.#loaded.get(data)
    if (loaded?.unsaved) return callback()
    const { cookie: _, ...kept } = data
    const stored: StoredData = {
      owner: loaded?.owner ?? null,
      session: kept,
      expiresAt: loaded?.expiresAt ?? this.#parts.clock.now() + VISITOR_MS,
    }
    this.#parts.data.save(sha256(sid), stored).then(
      () => callback(),
      (error: unknown) => {
        this.#parts.report(error) // the answer is out or about to be; data is all that is lost
        callback()
      },
    )
  }

  /** The host's `req.session.destroy()` and `regenerate()`: a sign-out, like ours. */
  override destroy(sid: string, callback: Done = () => {}): void {
    this.#destroy(sha256(sid)).then(
      () => callback(),
      (error: unknown) => callback(error),
    )
  }

  async #destroy(idHash: string): Promise<void> {
    const decision = await this.#parts.check(idHash)
    if (decision.kind === 'unavailable') throw decision.cause
    if (decision.kind === 'live') await this.#parts.signOut(decision.record.publicId)
    await this.#parts.data.remove(idHash)
  }
}
