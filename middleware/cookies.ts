import type { IncomingMessage } from 'node:http'
import type { CookieOptions, Request } from 'express'

/** The value of a cookie of the request, or null. What cannot be decoded is none. */
export function readCookie(req: Request, name: string): string | null {
  for (const part of (req.headers.cookie ?? '').split(';')) {
    const equals = part.indexOf('=')
    if (equals < 0 || part.slice(0, equals).trim() !== name) continue
    try {
      return decodeURIComponent(part.slice(equals + 1).trim())
    } catch {
      return null
    }
  }
  return null
}

/** The names of the request's cookies, in the order in which the browser sent them. */
export const cookieNames = (req: IncomingMessage): string[] =>
  (req.headers.cookie ?? '').split(';').flatMap((part) => (part.includes('=') ? [part.split('=')[0]!.trim()] : []))

/** Cookies of our own pages. The prefix binds them to this very host (RFC 6265bis, 4.1.3.2). */
export function pageCookie(name: string, secure: boolean): { name: string; options: CookieOptions } {
  return {
    name: `${secure ? '__Host-' : ''}sallyport_${name}`,
    options: { httpOnly: true, sameSite: 'lax', path: '/', secure },
  }
}
