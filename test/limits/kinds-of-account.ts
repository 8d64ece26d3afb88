import { load } from 'cheerio'
import { PASSWORD } from './people.js'
import type { Reply } from './wire.js'

/** The kinds of account that must not be told apart (invariant 5), and what somebody who guesses types for each. */
export const KINDS = {
  unknown: { email: 'nobody@limits.test', password: PASSWORD },
  'wrong password': { email: 'ada@limits.test', password: `${PASSWORD}?` },
  'no password here': { email: 'tove@limits.test', password: PASSWORD },
  'disabled by the host': { email: 'dora@limits.test', password: PASSWORD },
  'disabled by us': { email: 'ivan@limits.test', password: PASSWORD },
} as const

export type Kind = keyof typeof KINDS

/** All that an answer tells, but for what differs with each answer: date, tokens, and the address as it was typed. */
export function traits({ status, headers, body }: Reply, email: string): string {
  const $ = load(body)
  $('input[name=csrfToken]').attr('value', '')
  const fixed = Object.entries(headers).filter(
    ([name]) => !['date', 'etag', 'content-length', 'set-cookie'].includes(name),
  )
  const cookies = [headers['set-cookie'] ?? []]
    .flat()
    .map((line) => line.replace(/=[^;]*/, '').replace(/Expires=[^;]*/, ''))
  const text = $.html().replaceAll(email, 'their e-mail')
  // the address is as long as it is; apart from it the answer has as many bytes
  const bytes = Buffer.byteLength(body) - Buffer.byteLength(email) * (body.split(email).length - 1)
  return JSON.stringify([status, fixed, cookies, bytes, text])
}
