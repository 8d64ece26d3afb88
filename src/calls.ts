import type { PasskeyCookie } from '../middleware/passkey-cookie.js'
import type { Security } from './api.js'
import { ConfigurationError } from './core/errors.js'
import type { Factors } from './factors.js'
import type { Passwords } from './features/passwords/passwords.js'
import { BY_HOST, type Sessions } from './features/sessions/sessions.js'
import type { AccountState } from './features/users/account-state.js'
import type { Recovery } from './recovery.js'

const NO_PASSKEYS = 'passkeys need an origin with a host name; this one is an IP address'

interface Parts {
  sessions: Sessions
  passwords: Passwords
  accounts: AccountState
  factors: Factors
  recovery: Recovery
  passkeyCookie: PasskeyCookie
}

type Calls = Pick<Security, 'sessions' | 'passwords' | 'users' | 'members' | 'passkeys'>

/** What the host's own code calls about accounts: the rules that the pages go through, so that no event is left out. */
export function accountCalls({ sessions, passwords, accounts, factors, recovery, passkeyCookie }: Parts): Calls {
  return {
    sessions: {
      revokeAll: (userId, { except, reason } = {}) => {
        const kept = except === undefined ? undefined : { publicId: except, mustLive: false }
        return sessions.revokeAll(userId, { except: kept, ...(reason && { reason }) }, BY_HOST)
      },
    },
    passwords: {
      set: (userId, plain) => passwords.set(userId, plain),
      exists: async (userId) => (await passwords.stateOf(userId)).managedHere,
    },
    users: {
      disable: (userId) => accounts.disable(userId),
      enable: (userId) => accounts.enable(userId),
      emailChanged: (userId, email, { previousEmail } = {}) =>
        recovery.passwordReset.emailChanged(userId, email, previousEmail),
    },
    members: {
      resetTwoFactor: (userId, why) => factors.twoFactor.reset(userId, why),
      invite: (userId) => recovery.passwordReset.invite(userId),
    },
    passkeys: {
      signInOptions: async (req) => {
        const { passkeys } = factors
        if (!passkeys.site) throw new ConfigurationError(NO_PASSKEYS)
        return passkeys.ask({ userId: null, boundTo: passkeyCookie.give(req) }, passkeys.site)
      },
    },
  }
}
