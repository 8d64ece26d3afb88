import { isIP } from 'node:net'
import type { Application, Request } from 'express'
import { plainAddress } from '../src/core/addresses.js'
import type { Origin } from '../src/core/events.js'

/** The address of the client, by the host's `trust proxy`; IPv4 addresses in IPv6 clothes are undressed. */
export type ClientAddress = (req: Request) => string | null

/**
 * `trust proxy: true` believes whatever a client writes into X-Forwarded-For; then `proxyHops` decides instead:
 * so many addresses, counted from the socket, are proxies of ours. 0 (the default) is the socket's own address.
 */
export function clientAddress(proxyHops: number): ClientAddress {
  return (req) => {
    // a socket server's request may never have met the app
    const trust: unknown = (req.app as Application | undefined)?.get('trust proxy')
    const told = trust === true ? byHops(req, proxyHops) : req.ip
    // what a proxy passes on may be any text
    const address = told && isIP(told) ? told : req.socket.remoteAddress
    return address ? plainAddress(address) : null
  }
}

function byHops(req: Request, hops: number): string | undefined {
  const forwarded = String(req.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)
  return [...forwarded, req.socket.remoteAddress].at(-1 - hops) ?? req.socket.remoteAddress
}

export const originOf = (req: Request, addressOf: ClientAddress): Origin => ({
  ip: addressOf(req),
  userAgent: req.get('user-agent') ?? null,
  language: req.get('accept-language')?.slice(0, 200) ?? null,
})
