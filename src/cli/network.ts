/** An address as it may be shown: without password and parameters. */
export function shownAddress(address: string): string {
  if (!URL.canParse(address)) return `${address.split(':')[0]}:...`
  const { protocol, username, host, pathname } = new URL(address)
  return `${protocol}//${username ? `${username}@` : ''}${host}${pathname === '/' ? '' : pathname}`
}

/** True for this very machine: nobody else hears what is said to it. A path is a Unix socket. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  return name === '' || name.startsWith('/') || /^(localhost|.*\.localhost|127(\.\d+){3}|::1)$/.test(name)
}

const ADVICE: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there: start it, or correct the address',
  ENOTFOUND: 'the name is unknown: correct the address',
  EAI_AGAIN: 'the name cannot be looked up: correct the address, or repair the name service',
  EHOSTUNREACH: 'there is no way there from this machine: correct the address, or open the network',
  ETIMEDOUT: 'no answer came: correct the address, or open the firewall between this machine and that one',
  ENOENT: 'the socket is not there: start the server, or correct the path',
  CERT_HAS_EXPIRED: 'renew its certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'let Node know the authority: NODE_EXTRA_CA_CERTS=/path/to/ca.pem',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'let Node know the certificate: NODE_EXTRA_CA_CERTS=/path/to/ca.pem',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'send the whole chain of certificates, or write NODE_EXTRA_CA_CERTS=/path/to/ca.pem',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name: correct the address, or the certificate',
}

/** What a failed connection says, and what to do about it where the code of the error tells. */
export function explain(error: unknown): { seen: string; advice: string | null } {
  const chain = causesOf(error)
  const code = chain.map(codeOf).find((each) => each in ADVICE)
  const deepest = chain.findLast((each) => each.message) ?? chain[0]
  return { seen: deepest ? messageOf(deepest) : String(error), advice: code ? ADVICE[code]! : null }
}

/** The code of an error, or of what caused it: of Node, SQLSTATE or of Redis. */
export const codeIn = (error: unknown): string => causesOf(error).map(codeOf).find(Boolean) ?? ''

function causesOf(error: unknown): Error[] {
  if (!(error instanceof Error)) return []
  const inside = error instanceof AggregateError ? error.errors.slice(0, 1) : []
  return [error, ...[error.cause, ...inside].flatMap(causesOf)]
}

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '')
const messageOf = (error: Error): string => error.message || codeOf(error) || error.name
