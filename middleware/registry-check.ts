import type { RequestHandler } from 'express'
import type { UserDirectory } from '../src/core/users.js'
import type { Sessions } from '../src/features/sessions/sessions.js'
import type { ClientAddress } from './client-address.js'
import { CheckedRequest } from './request-security.js'
import type { RequestStates } from './request-state.js'

export interface RegistryCheckOptions {
  sessions: Sessions
  users: UserDirectory
  addressOf: ClientAddress
  states: RequestStates
}

/** Makes `req.security` of what the registry said while the session was loaded, and notes that the session was used. */
export function registryCheck({ sessions, users, addressOf, states }: RegistryCheckOptions): RequestHandler {
  return function registryCheck(req, res, next) {
    req.security = new CheckedRequest(req, res, { states, users, streams: sessions.streams })
    const { decision } = states.of(req)
    // the handshake of a socket server comes without an app, and so without its trust in proxies: its address is unknown
    const isKnown = (req.app as unknown) !== undefined
    if (decision.kind === 'live' && isKnown) sessions.used(decision.record, addressOf(req))
    next()
  }
}
