import type { Request } from 'express'

/** `req.logIn` or `req.logOut` of any Passport: the callback, where there is one, is the last argument. */
export type PassportMethod = (...args: unknown[]) => unknown

/** What Passport 0.4 to 0.7 hangs on a request. We never import Passport's own types: they would declare `req.user` for the host. */
interface PassportRequest {
  _userProperty?: string
  _sessionManager?: KeyOfSession
  /** 0.4, which has no more than this, and 0.5 to 0.7 for strategies written for it. `session`: the user's part of the data. */
  _passport?: { instance?: { _userProperty?: string; _sm?: KeyOfSession }; session?: unknown }
}

interface KeyOfSession {
  _key?: string
}

const passportOf = (req: Request) => req as unknown as PassportRequest & Record<string, unknown>

/** True when this request came through the host's Passport. */
export const hasPassport = (req: Request): boolean => sessionKeyOf(req) !== undefined

const sessionKeyOf = (req: Request): KeyOfSession | undefined =>
  passportOf(req)._sessionManager ?? passportOf(req)._passport?.instance?._sm

/** The user that Passport found for this request (`req.user`, or the host's own name for it). */
export const passportUser = (req: Request): unknown => passportOf(req)[property(req)] ?? null

export function setPassportUser(req: Request, user: unknown): void {
  passportOf(req)[property(req)] = user
}

/** Nobody is signed in on this request. */
export function forgetPassportUser(req: Request): void {
  setPassportUser(req, null)
  forgetPassportData(req)
}

/** Passport 0.4 keeps its part of the session's data on the request too, and would put it into the next session. */
export function forgetPassportData(req: Request): void {
  delete passportOf(req)._passport?.session
}

export const PASSPORT_KEY = 'passport'

/** Where Passport keeps the user in the session's data. */
export const passportKey = (req: Request): string => sessionKeyOf(req)?._key ?? PASSPORT_KEY

const property = (req: Request): string =>
  passportOf(req)._userProperty ?? passportOf(req)._passport?.instance?._userProperty ?? 'user'

/**
 * What the session's data says about who is signed in, as the host's `serializeUser` wrote it; undefined: nobody. `also`:
 * another key to look under, where an app has several Passports: the request tells only of the last.
 */
export function passportClaim(req: Request, also: string = PASSPORT_KEY): unknown {
  const data = req.session as unknown as Record<string, { user?: unknown } | null | undefined>
  const named = [passportKey(req), also, PASSPORT_KEY].map((key) => data[key]?.user)
  return named.find((user) => Boolean(user) || user === 0) // as Passport reads it
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
