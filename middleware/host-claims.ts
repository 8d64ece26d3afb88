import type { Request } from 'express'
import type { UserDirectory } from '../src/core/users.js'
import { PASSPORT_KEY, passportClaim, passportKey, passportUser } from './passport.js'
import type { RequestStates } from './request-state.js'

/**
 * In the session's data where Passport's own key does not tell: somebody was signed in here. 1, or the key of a Passport
 * that has another one. It decides nothing; the record does.
 */
const MARK = 'sallyport'
const WITHOUT_PASSPORT = 1

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
    if (own || own === 0) return { userId: `${own}`, serialized: own }
    const mark = markOf(req)
    const serialized = passportClaim(req, typeof mark === 'string' ? mark : undefined)
    if (serialized === undefined)
      return mark === WITHOUT_PASSPORT && !this.#sessionUser ? { userId: null, serialized: undefined } : null
    const user = passportUser(req)
    return { userId: user ? this.#users.idOf(user) : null, serialized }
  }

  /** True where somebody was signed in, and the host's own mark of it, which `sessionUser` reads, is gone: a sign-out. */
  isForgotten(req: Request): boolean {
    return this.#sessionUser !== undefined && markOf(req) === WITHOUT_PASSPORT && this.of(req) === null
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

  mark(req: Request, hasPassport: boolean): void {
    const key = passportKey(req)
    if (!hasPassport) Object.assign(req.session, { [MARK]: WITHOUT_PASSPORT })
    else if (key !== PASSPORT_KEY) Object.assign(req.session, { [MARK]: key })
  }

  unmark(req: Request): void {
    if (req.session) delete (req.session as unknown as Record<string, unknown>)[MARK]
  }
}

const markOf = (req: Request): unknown => (req.session as unknown as Record<string, unknown>)[MARK]
const isId = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number'
