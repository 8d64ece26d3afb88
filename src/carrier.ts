import type { RequestHandler } from 'express'
import { RequestSession, type RequestSessionParts } from '../middleware/establish-session.js'
import { HostCheck } from '../middleware/host-check.js'
import { HostClaims } from '../middleware/host-claims.js'
import { HostLogins } from '../middleware/host-logins.js'
import { HostSession } from '../middleware/host-session.js'
import { HostStores } from '../middleware/host-store.js'
import { PassportMethods } from '../middleware/passport.js'
import { cookieAttributes, SessionCookie } from '../middleware/session.js'
import { SessionStore } from '../middleware/session-store.js'
import type { Configuration } from './configuration.js'
import { sha256 } from './core/crypto.js'
import { BY_HOST } from './features/sessions/sessions.js'
import type { Vouch } from './features/sign-in/vouch.js'
import type { Registry } from './registry.js'

interface Parts {
  registry: Registry
  vouch: Vouch
  /** What the session of a request needs, whoever's it is. */
  entry: Omit<RequestSessionParts, 'sessions' | 'carrier'>
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
  const { registry, entry } = parts
  const { states } = entry
  const { sessions, data } = registry
  const signOut = async (publicId: string) => void (await sessions.revoke({ publicId }, BY_HOST, 'signed_out'))
  const check = (idHash: string) => sessions.check(idHash)
  const store = new SessionStore({ clock, data, check, signOut, report, states, cookie: cookieAttributes(secure) })
  const carrier = new SessionCookie({ store, secrets, secure, clock })
  return {
    middleware: [carrier.middleware],
    requestSession: new RequestSession({ ...entry, sessions, carrier }),
  }
}

function hostEntrance(config: Configuration, parts: Parts): Entrance {
  const { clock, users, report, adoptUntil } = config
  const { registry, vouch, entry } = parts
  const { signIn, states, addressOf } = entry
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
  const requestSession = new RequestSession({ ...entry, sessions, carrier })
  const logins = new HostLogins({ claims, methods, states, users, requestSession, vouch, report })
  return { middleware: [carrier.middleware, logins.middleware], requestSession }
}
