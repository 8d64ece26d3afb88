import type { Request } from 'express'
import type { UserDirectory } from '../src/core/users.js'
import { passportClaim, passportUser } from './passport.js'
import type { RequestStates } from './request-state.js'

/** In the session's data of a host without Passport: somebody was signed in here. It decides nothing; the record does. */
const MARK = 'sallyport'

/** Somebody whom the session's data calls signed in; `userId` null where only the record can tell who. */
export interface Claim {
  userId: string | null
  /** As Passport, or the host, wrote it into the data. */
  serialized: unknown
}

/** What the host's session says of who is signed in. Never believed, only compared. */
export class HostClaims {
  readonly #users: UserDirectory
  readonly #states: RequestStates
  readonly #sessionUser: ((req: Request) => string | number | null | undefined) | undefined

  constructor(
    users: UserDirectory,
    states: RequestStates,
    sessionUser?: (req: Request) => string | number | null | undefined,
  ) {
    this.#users = users
    this.#states = states
    this.#sessionUser = sessionUser
  }

  /** Null: the data calls nobody signed in. */
  of(req: Request): Claim | null {
    const own = this.#sessionUser?.(req)
    if (own !== undefined && own !== null && own !== '') return { userId: `${own}`, serialized: own }
    const serialized = passportClaim(req)
    if (serialized === undefined) return MARK in req.session ? { userId: null, serialized: undefined } : null
    const user = passportUser(req)
    return { userId: user ? this.#users.idOf(user) : null, serialized }
  }

  /** True when what the data says is not about the record's user. */
  contradicts({ userId, serialized }: Claim, recordUserId: string): boolean {
    const named = [userId, isId(serialized) ? String(serialized) : null].filter((each) => each !== null)
    return named.length > 0 && !named.includes(recordUserId)
  }

  /** True when this request's session is a user's, and not a visitor's. */
  isSignedIn(req: Request): boolean {
    return this.#states.of(req).decision.kind === 'live'
  }

  mark(req: Request): void {
    Object.assign(req.session, { [MARK]: 1 })
  }

  unmark(req: Request): void {
    if (req.session) delete (req.session as unknown as Record<string, unknown>)[MARK]
  }
}

const isId = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number'
