const ADDRESS = /^[^\s\p{Cc}<>()[\]\\,;:"@]+@[^\s\p{Cc}<>()\\,;:"@]+$/u
const LONGEST = 254

/**
 * An e-mail address that is one and nothing else, or null: in a header, what looks like several would be several, and a
 * line break would be the next header (RFC 5321, 4.1.2, without quoted names).
 */
export function addressOf(email: unknown): string | null {
  return typeof email === 'string' && email.length <= LONGEST && ADDRESS.test(email) ? email : null
}

/** `"Name" <address>` (RFC 5322, 3.4), whatever the name holds. */
export const namedAddress = (name: string, address: string): string =>
  `"${name.replace(/\p{Cc}+/gu, ' ').replace(/["\\]/g, '\\$&')}" <${address}>`
