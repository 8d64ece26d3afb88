import type { RequestHandler } from 'express'
import type { ClientAddress } from '../middleware/client-address.js'
import { RequestSession } from '../middleware/establish-session.js'
import { HostCheck } from '../middleware/host-check.js'
import { HostClaims } from '../middleware/host-claims.js'
import { HostLogins } from '../middleware/host-logins.js'
import { HostSession } from '../middleware/host-session.js'
import { HostStores } from '../middleware/host-store.js'
import type { KnownDeviceCookie } from '../middleware/known-device.js'
import { PassportMethods } from '../middleware/passport.js'
import type { RequestStates } from '../middleware/request-state.js'
import { cookieAttributes, SessionCookie } from '../middleware/session.js'
import { SessionStore } from '../middleware/session-store.js'
import type { Configuration } from './configuration.js'
import { sha256 } from './core/crypto.js'
import { BY_HOST } from './features/sessions/sessions.js'
import type { SignIn } from './features/sign-in/complete-sign-in.js'
import type { Vouch } from './features/sign-in/vouch.js'
import type { Registry } from './registry.js'

interface Parts {
  registry: Registry
  signIn: SignIn
  vouch: Vouch
  knownDevice: KnownDeviceCookie
  states: RequestStates
  addressOf: ClientAddress
}

/** What a request passes first, and how its session begins, goes on and ends. */
export interface Entrance {
  middleware: RequestHandler[]
  requestSession: RequestSession
}

/** Our own cookie and express-session (the default), or the host's, as `session` says. */
export function openEntrance(config: Configuration, parts: Parts): Entrance {
  return config.session === 'host' ? hostEntrance(config, parts) : ownEntrance(config, parts)
}

function ownEntrance({ clock, secret: secrets, secure, report }: Configuration, parts: Parts): Entrance {
  const { registry, signIn, knownDevice, states, addressOf } = parts
  const { sessions, data } = registry
  const signOut = async (publicId: string) => void (await sessions.revoke({ publicId }, BY_HOST, 'signed_out'))
  const check = (idHash: string) => sessions.check(idHash)
  const store = new SessionStore({ clock, data, check, signOut, report, states, cookie: cookieAttributes(secure) })
  const carrier = new SessionCookie({ store, secrets, secure, clock })
  return {
    middleware: [carrier.middleware],
    requestSession: new RequestSession({ signIn, sessions, carrier, knownDevice, addressOf, states }),
  }
}

function hostEntrance(config: Configuration, parts: Parts): Entrance {
  const { clock, users, report, adoptUntil } = config
  const { registry, signIn, vouch, knownDevice, states, addressOf } = parts
  const { sessions } = registry
  const claims = new HostClaims(users, states, config.sessionUser)
  const stores = new HostStores({ ended: async (sid) => sessions.signOutById(sha256(sid)), report })
  const methods = new PassportMethods()
  const check = new HostCheck({
    claims,
    stores,
    states,
    sessions,
    signIn,
    users,
    clock,
    addressOf,
    adoptUntil,
    report,
  })
  const carrier = new HostSession({ claims, stores, methods, enter: check.enter })
  const requestSession = new RequestSession({ signIn, sessions, carrier, knownDevice, addressOf, states })
  const logins = new HostLogins({ claims, methods, states, users, requestSession, vouch, report })
  return { middleware: [carrier.middleware, logins.middleware], requestSession }
}
