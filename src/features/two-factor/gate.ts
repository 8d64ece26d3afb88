import type { User } from '../../core/users.js'
import type { Gate } from '../sign-in/complete-sign-in.js'
import type { TrustedBrowsers } from '../trusted-browsers/trusted-browsers.js'
import type { SecondFactors } from './second-factors.js'

/** Must this user have a second factor? */
export type Enforced = (user: User) => Promise<boolean>

const SECOND: ReadonlySet<string> = new Set(['otp', 'hwk', 'rc'])

/**
 * Two-factor's say in a sign-in. It is on where an authenticator app is; a passkey alone is a way to sign in, and is
 * asked for as a second factor only where one is enforced: else a device that is not at hand would lock its owner out.
 */
export function secondFactorGate(parts: {
  factors: SecondFactors
  trusted: TrustedBrowsers
  enforced: Enforced
}): Gate {
  return async ({ user, amr }, { trustToken }) => {
    if (amr.some((method) => SECOND.has(method))) return {}
    const { code, passkey } = await parts.factors.methodsOf(user.id)
    if (code || (passkey && (await parts.enforced(user)))) {
      const trusts = await parts.trusted.isTrusted(user.id, trustToken(user.id))
      return trusts ? { trusted: true } : { owes: 'second_factor' }
    }
    // an identity provider has its own say in how many factors it asks for
    const excused = amr.includes('fed') || !(await parts.enforced(user))
    return excused ? {} : { owes: 'enrolment' }
  }
}
