import type { Request } from 'express'

/** `req.logIn` or `req.logOut` of any Passport: the callback, where there is one, is the last argument. */
export type PassportMethod = (...args: unknown[]) => unknown

/** What Passport 0.4 to 0.7 hangs on a request. We never import Passport's own types: they would declare `req.user` for the host. */
interface PassportRequest {
  _userProperty?: string
  _sessionManager?: { _key?: string }
}

const passportOf = (req: Request) => req as unknown as PassportRequest & Record<string, unknown>

/** True when this request came through the host's Passport. */
export const hasPassport = (req: Request): boolean => passportOf(req)._sessionManager !== undefined

/** The user that Passport found for this request (`req.user`, or the host's own name for it). */
export const passportUser = (req: Request): unknown => passportOf(req)[property(req)] ?? null

export function setPassportUser(req: Request, user: unknown): void {
  passportOf(req)[property(req)] = user
}

/** Where Passport keeps the user in the session's data. */
export const passportKey = (req: Request): string => passportOf(req)._sessionManager?._key ?? 'passport'

const property = (req: Request): string => passportOf(req)._userProperty ?? 'user'

/** What the session's data says about who is signed in, as the host's `serializeUser` wrote it; undefined: nobody. */
export function passportClaim(req: Request): unknown {
  const kept = (req.session as unknown as Record<string, { user?: unknown } | undefined>)[passportKey(req)]
  return kept?.user
}

type Name = 'logIn' | 'logOut'
const ALIASES: Record<Name, readonly string[]> = { logIn: ['logIn', 'login'], logOut: ['logOut', 'logout'] }

/** The methods that Passport puts on a request, with ours in front of them. */
export class PassportMethods {
  readonly #given = new WeakMap<Request, Partial<Record<Name, PassportMethod>>>()

  /** Whatever Passport assigns, before this call or later on this request, is called through `through`. */
  wrap(req: Request, name: Name, through: PassportMethod): void {
    const given = this.#given.get(req) ?? {}
    this.#given.set(req, given)
    for (const alias of ALIASES[name]) {
      const present = passportOf(req)[alias] as PassportMethod | undefined
      if (present) given[name] = present
      Object.defineProperty(req, alias, {
        configurable: true,
        enumerable: true,
        get: () => given[name] && through,
        set: (method: PassportMethod) => {
          if (method !== through) given[name] = method
        },
      })
    }
  }

  /** Passport's own method, or undefined where the request came through none. */
  original(req: Request, name: Name): PassportMethod | undefined {
    return this.#given.get(req)?.[name]
  }
}
