import type { Configuration } from './configuration.js'
import type { KnownDevices } from './features/known-devices/known-devices.js'
import { OneTimeSecrets } from './features/one-time-secrets/one-time-secrets.js'
import { PasskeySignIn } from './features/passkey-sign-in/passkey-sign-in.js'
import { Passkeys } from './features/passkeys/passkeys.js'
import { PasskeyRegistration } from './features/passkeys/registration.js'
import { passkeyLister } from './features/passkeys/view.js'
import type { HashingLane } from './features/passwords/hashing-lane.js'
import { RecoveryCodes } from './features/recovery-codes/recovery-codes.js'
import type { Locate } from './features/sessions/devices.js'
import type { Sessions } from './features/sessions/sessions.js'
import { HalfFinishedSignIns } from './features/sign-in/half-finished.js'
import type { Throttle } from './features/throttle/throttle.js'
import { SuspendedPosts } from './features/step-up/suspended-posts.js'
import { Totp } from './features/totp/totp.js'
import { TrustedBrowsers } from './features/trusted-browsers/trusted-browsers.js'
import { trustedBrowserLister } from './features/trusted-browsers/view.js'
import { secondFactorGate } from './features/two-factor/gate.js'
import { SecondFactors } from './features/two-factor/second-factors.js'
import { TwoFactor } from './features/two-factor/two-factor.js'
import { twoFactorCard } from './features/two-factor/view.js'
import { readCredential } from './features/users/users.js'
import type { Changes, Database } from './stores/sql/database.js'

interface Parts {
  db: Database
  changes: Changes
  sessions: Sessions
  throttle: Throttle
  devices: KnownDevices
  lane: HashingLane
  locate: Locate
}

export type Factors = ReturnType<typeof openFactors>

/** Everything about second factors, joined. */
export function openFactors(config: Configuration, { db, changes, sessions, throttle, devices, lane, locate }: Parts) {
  const { clock, envelopes, users, enforced, origin, productName, trustMs } = config
  const secrets = new OneTimeSecrets(db, clock, envelopes)
  const totp = new Totp({ db, clock, envelopes, issuer: productName })
  const recoveryCodes = new RecoveryCodes({ db, changes, clock, patiently: (work) => lane.runPatiently(work) })
  const parts = { db, clock, secrets, users, totp, enforced, origin, productName }
  const passkeys = new Passkeys(parts)
  const trusted = new TrustedBrowsers({ db, changes, clock, trustMs })
  const factors = new SecondFactors({ totp, recoveryCodes, passkeys, throttle, devices, lane, changes, clock })
  const twoFactor = new TwoFactor({ totp, recoveryCodes, factors, passkeys, sessions, users, enforced, clock })
  return {
    secrets,
    suspendedPosts: new SuspendedPosts(secrets),
    totp,
    recoveryCodes,
    passkeys,
    registration: new PasskeyRegistration(parts, passkeys),
    passkeySignIn: new PasskeySignIn({ db, changes, passkeys, users, throttle, devices }),
    trusted,
    factors,
    twoFactor,
    halfFinished: new HalfFinishedSignIns({
      secrets,
      users,
      credentialOf: (userId) => readCredential(db, userId),
      hasPasskey: async (userId) => (await passkeys.count(userId)) > 0,
    }),
    gate: secondFactorGate({ factors, trusted, enforced }),
    twoFactorCard: twoFactorCard({ totp, recoveryCodes, enforced, users }),
    listPasskeys: passkeyLister(passkeys),
    listTrustedBrowsers: trustedBrowserLister(trusted, locate),
    prune: [secrets, totp, trusted],
  }
}
