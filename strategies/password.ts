import { Strategy } from 'passport-local'
import type { Request } from 'express'
import type { Passwords, PasswordVerdict, Whence } from '../src/features/passwords/passwords.js'

/**
 * passport-local over our passwords. It proves identity and nothing else: no session, no `req.logIn`. Whoever guesses
 * too often is an error, `too_many_requests`, and no failed attempt.
 */
export function passwordStrategy(passwords: Passwords, whence: (req: Request) => Whence): Strategy {
  return new Strategy(
    { usernameField: 'email', passwordField: 'password', session: false, passReqToCallback: true },
    (req, email, password, done) => {
      passwords.verify(email, password, whence(req)).then((verdict) => done(null, verdict), done)
    },
  )
}

export type { PasswordVerdict }
