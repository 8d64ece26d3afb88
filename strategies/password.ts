import { Strategy } from 'passport-local'
import type { Passwords, PasswordVerdict } from '../src/features/passwords/passwords.js'

/** passport-local over our passwords. It proves identity and nothing else: no session, no `req.logIn`. */
export function passwordStrategy(passwords: Passwords): Strategy {
  return new Strategy(
    { usernameField: 'email', passwordField: 'password', session: false },
    (email, password, done) => {
      passwords.verify(email, password).then((verdict) => done(null, verdict), done)
    },
  )
}

export type { PasswordVerdict }
