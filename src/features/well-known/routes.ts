import type { RequestHandler } from 'express'
import type { Clock } from '../../core/clock.js'

const DAY_MS = 86_400_000
/** RFC 9116, 2.5.5: less than a year ahead, so that nobody writes to an address that was given up long ago. */
const GOOD_FOR_MS = 364 * DAY_MS
const A_DAY = 'public, max-age=86400'

interface Parts {
  origin: string
  /** Where the password is changed: a path of this origin. */
  changePassword: string
  /** Whom a finder of a vulnerability writes to: `mailto:` or `https:`; null: nobody is named, and the file is not ours. */
  securityContact: string | null
  clock: Clock
}

/**
 * `GET /.well-known/change-password` (W3C) and `GET /.well-known/security.txt` (RFC 9116). They stand at the root of the
 * origin: where the host mounts our router under a path, they are its own to answer.
 */
export function wellKnown({ origin, changePassword, securityContact, clock }: Parts): RequestHandler {
  const file = '/.well-known/security.txt'
  return function wellKnown(req, res, next) {
    if (req.baseUrl !== '' || (req.method !== 'GET' && req.method !== 'HEAD')) return next()
    if (req.path === '/.well-known/change-password') return res.redirect(302, changePassword)
    if (req.path !== file || securityContact === null) return next()
    const today = Math.floor(clock.now() / DAY_MS) * DAY_MS // the same all day
    const expires = new Date(today + GOOD_FOR_MS).toISOString().replace('.000Z', 'Z')
    const lines = [
      `Contact: ${securityContact}`,
      `Expires: ${expires}`,
      `Canonical: ${origin}${file}`,
      'Preferred-Languages: en',
    ]
    res
      .set('Cache-Control', A_DAY)
      .type('text/plain')
      .send(`${lines.join('\n')}\n`)
  }
}
