import { ConfigurationError, SecurityError } from '../../core/errors.js'
import type { AuthenticationMethod, User } from '../../core/users.js'
import type { Database } from '../../stores/sql/database.js'
import { readCredential } from '../users/users.js'
import type { Proven } from './complete-sign-in.js'
import type { Proofs } from './proofs.js'

const NO_ROUTER = 'this request did not pass security.router; mount it before the routes that sign in'
const ADVICE =
  "this user's sessions were revoked while the sign-in was under way, so it is refused. Where one request changes a " +
  'password and then signs in, sign in first and revoke the others: ' +
  'revokeAll(userId, { except: req.security.session.id })'

/** The request in which the host has verified somebody, so that a proof from before a change is not honoured after it. */
export type Vouch = (req: object, user: User, amr: AuthenticationMethod['method'][]) => Promise<Proven>

interface Parts {
  /** Milliseconds since the epoch; null for a request that did not pass our router. */
  arrivedAt: (req: object) => number | null
  proofs: Proofs
  report: (error: unknown) => void
}

/**
 * What the host has verified by itself, or by our strategy in its own Passport; that one knows the epoch.
 * We do not know when it read the credential, only that it was not before the request came: when the epoch was raised
 * since, or in the same millisecond, the credential may be the old one. Throws `invalid_credentials`.
 */
export function hostVouches(db: Database, { arrivedAt, proofs, report }: Parts): Vouch {
  return async (req, user, amr) => {
    const proven = proofs.of(req, user.id)
    if (proven) return { ...proven, user, amr: amr.length > 0 ? withFactors(amr, proven.amr) : proven.amr }
    const came = arrivedAt(req)
    if (came === null) throw new ConfigurationError(NO_ROUTER)
    const { epoch, epochChangedAt } = await readCredential(db, user.id)
    if (epochChangedAt < came) return { user, epoch, amr }
    const cause = new Error(ADVICE)
    report(cause)
    throw new SecurityError('invalid_credentials', { cause })
  }
}

/** What the host says, and beside it the second factor that was verified here. */
function withFactors(said: Proven['amr'], proven: Proven['amr']): Proven['amr'] {
  const factors = proven.filter((method) => method === 'otp' || method === 'rc' || method === 'hwk')
  return [...new Set([...said, ...factors])]
}
