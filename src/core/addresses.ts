import { isIPv4, isIPv6 } from 'node:net'

/** The eight groups of an IPv6 address, whichever of its spellings it comes in (RFC 4291, 2.2). */
function groupsOf(address: string): number[] {
  const [text] = address.split('%') // a zone is of no interest beyond this machine
  const hex = text!.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a, b, c, d] = bytes.map(Number)
    return `${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`
  })
  const [left, right = []] = hex.split('::').map((half) => half.split(':').filter(Boolean))
  const zeros = Array<string>(8 - left!.length - right.length).fill('0')
  return [...left!, ...zeros, ...right].map((group) => parseInt(group, 16))
}

/** An address without its IPv6 clothes: `::ffff:198.51.100.1`, or `::ffff:c633:6401`, is `198.51.100.1`. */
export function plainAddress(address: string): string {
  if (!isIPv6(address)) return address
  const groups = groupsOf(address)
  if (groups.slice(0, 5).some((group) => group !== 0) || groups[5] !== 0xffff) return address
  return [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.')
}

/**
 * What counts as one network: an IPv4 address, or the /64 of an IPv6 address, which is what one subscriber gets.
 * Requests whose address nobody knows share one.
 */
export function networkOf(address: string | null): string {
  const plain = address === null ? '' : plainAddress(address)
  if (isIPv4(plain)) return plain
  if (!isIPv6(plain)) return 'unknown'
  const prefix = groupsOf(plain).slice(0, 4)
  return `${prefix.map((group) => group.toString(16)).join(':')}::/64`
}
