import { NobleCryptoPlugin, ScureBase32Plugin, TOTP } from 'otplib'

/** RFC 6238 with what every authenticator app understands: SHA-1, six digits, 30 seconds, 160-bit secrets. */
const PERIOD_S = 30
/** One step either way (RFC 6238, 5.2). */
const ACCEPTED_DRIFT_S = PERIOD_S
/** A code that is off by no more than this is refused, but its owner learns that the clock is wrong. */
const EXPLAINED_DRIFT_S = 120
const CODE = /^\d{6}$/

const totp = new TOTP({ crypto: new NobleCryptoPlugin(), base32: new ScureBase32Plugin() })

/** 160 random bits as 32 characters of base32. */
export const newSecret = (): string => totp.generateSecret()

/** What the QR code holds (the Key Uri Format of authenticator apps). */
export const otpauthUrl = (secret: string, issuer: string, account: string): string =>
  totp.toURI({ secret, issuer, label: account })

/** What a code turned out to be. `driftS`: how far the clock that made it seems to be ahead (or behind, negative), in seconds. */
export type CodeMatch = { kind: 'step'; step: number } | { kind: 'drift'; driftS: number } | { kind: 'none' }

/** Spaces are how apps show codes, and how people type them. */
export const normalizedCode = (typed: string): string => typed.replace(/\s/g, '')

/** Compares a typed code with the secret at `now`, in milliseconds. Says nothing of whether it has been used. */
export async function matchCode(secret: string, typed: string, now: number): Promise<CodeMatch> {
  const token = normalizedCode(typed)
  if (!CODE.test(token)) return { kind: 'none' } // otplib throws
  const epoch = Math.floor(now / 1000)
  const near = await totp.verify(token, { secret, epoch, epochTolerance: ACCEPTED_DRIFT_S })
  if (near.valid) return { kind: 'step', step: 'timeStep' in near ? near.timeStep : 0 }
  const far = await totp.verify(token, { secret, epoch, epochTolerance: EXPLAINED_DRIFT_S })
  return far.valid ? { kind: 'drift', driftS: far.delta * PERIOD_S } : { kind: 'none' }
}
