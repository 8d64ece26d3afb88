import type { Request } from 'express'
import type { RequestSession } from '../middleware/establish-session.js'
import type { PasskeyCookie } from '../middleware/passkey-cookie.js'
import { refusedSignIns } from '../middleware/refused-sign-ins.js'
import { passkeyStrategy } from '../strategies/passkey.js'
import { passwordStrategy } from '../strategies/password.js'
import { recoveryCodeStrategy } from '../strategies/recovery-code.js'
import type { SecondFactorStrategyOptions } from '../strategies/second-factor-options.js'
import { totpStrategy } from '../strategies/totp.js'
import type { PasswordStrategyOptions } from './core/strategy-options.js'
import type { UserDirectory } from './core/users.js'
import type { Factors } from './factors.js'
import type { Passwords, Whence } from './features/passwords/passwords.js'
import type { Proofs } from './features/sign-in/proofs.js'
import { readCredential } from './features/users/users.js'
import type { Database } from './stores/sql/database.js'

interface Parts {
  db: Database
  users: UserDirectory
  passwords: Passwords
  factors: Factors
  proofs: Proofs
  requestSession: RequestSession
  passkeyCookie: PasskeyCookie
  whence: (req: Request) => Whence
  refused: ReturnType<typeof refusedSignIns>
}

/** One Passport strategy per kind of proof: our own sign-in page uses them, and so may the host's Passport. */
export function openStrategies(parts: Parts) {
  const { db, users, passwords, factors, proofs, requestSession, whence, refused } = parts
  const verify = (req: Request, email: string, password: string) => passwords.verify(email, password, whence(req))
  const { passkeySignIn } = factors
  const verifyPasskey = (req: Request, answer: unknown) =>
    passkeySignIn.verify(answer, parts.passkeyCookie.of(req), whence(req))
  const usePasskey = (req: Request, answer: unknown) =>
    passkeySignIn.verifyAndSettle(answer, parts.passkeyCookie.of(req), whence(req))
  const secondFactor = {
    factors: factors.factors,
    halfFinished: factors.halfFinished,
    halfOf: (req: Request) => requestSession.halfFinished(req),
    credentialOf: (userId: string) => readCredential(db, userId),
    claimantOf: (req: Request, userId: string, boundTo: string) => requestSession.claimant(req, userId, boundTo),
    users,
    proofs,
  }
  const strategies = {
    password: (given?: PasswordStrategyOptions) => passwordStrategy({ verify, proofs, refused }, given),
    totp: (given?: SecondFactorStrategyOptions) => totpStrategy(secondFactor, given),
    recoveryCode: (given?: SecondFactorStrategyOptions) => recoveryCodeStrategy(secondFactor, given),
    passkey: () => passkeyStrategy({ verify: usePasskey, proofs, refused }),
  }
  // on our own routes the session's own transaction settles what was proven
  return {
    strategies,
    ours: { ...strategies, passkey: () => passkeyStrategy({ verify: verifyPasskey, proofs, refused }) },
  }
}
