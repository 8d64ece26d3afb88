import { createHmac } from 'node:crypto'
import type { Dice } from './dice.js'
import type { Holdings } from './holdings.js'

const JUNK = [
  's%3Aabc.def',
  's%3A',
  's%3A.',
  's%3A%00.%00',
  's:',
  '%E0%A4%A',
  '"q',
  '"quoted"',
  'x'.repeat(4_000),
  '%00',
  '[object Object]',
  '',
  'j%3A%7B%7D',
  '..',
  '...',
  'a.b.c',
  'a.99999999999999.c',
  'a.NaN.c',
  '%F0%9F%A6%AD.1.x',
  '__proto__',
]

/** Half of it. */
const truncated = (value: string) => value.slice(0, Math.ceil(value.length / 2))
/** Its last sign is another one. */
const bent = (value: string) => value.slice(0, -1) + (value.endsWith('A') ? 'B' : 'A')
/** The right form, signed by somebody else. */
function forged(value: string): string {
  const at = value.lastIndexOf('.')
  const text = decodeURIComponent(value.slice(0, at)).replace(/^s:/, '')
  const signature = createHmac('sha256', 'a secret of somebody else').update(text).digest('base64').replace(/=+$/, '')
  return `${value.slice(0, at)}.${encodeURIComponent(signature)}`
}
/** The text of one under the signature of the other. */
const grafted = (one: string, other: string) => one.slice(0, one.lastIndexOf('.')) + other.slice(other.lastIndexOf('.'))

type Kind = (held: Holdings, dice: Dice) => string | readonly string[]

/** Kinds of Cookie headers; a list is that header several times. */
export const COOKIES: Record<string, Kind> = {
  none: () => [],
  member: ({ member }) => `sallyport=${member.cookie}`,
  visitor: ({ visitor }) => `sallyport_form=${visitor.cookie}`,
  'member with a form and a message': ({ member, visitor, flash }) =>
    `sallyport=${member.cookie}; sallyport_form=${visitor.cookie}; sallyport_flash=${flash}`,
  'a session that is over': ({ dead, visitor }, dice) => `sallyport=${dice.of(dead)}; sallyport_form=${visitor.cookie}`,
  'half a session': ({ member }) => `sallyport=${truncated(member.cookie)}`,
  'a session without its signature': ({ member }) => `sallyport=${member.cookie.split('.')[0]}`,
  'a bent signature': ({ member }) => `sallyport=${bent(member.cookie)}`,
  'a forged signature': ({ member }) => `sallyport=${forged(member.cookie)}`,
  'the signature of another session': ({ member, dead }, dice) => `sallyport=${grafted(member.cookie, dice.of(dead))}`,
  'a session decoded once more': ({ member }) => `sallyport=${decodeURIComponent(member.cookie)}`,
  'junk, then a session': ({ member }, dice) => `sallyport=${dice.of(JUNK)}; sallyport=${member.cookie}`,
  'two sessions in two headers': ({ member, dead }, dice) => [
    `sallyport=${dice.of(dead)}`,
    `sallyport=${member.cookie}`,
  ],
  junk: (_held, dice) =>
    `sallyport=${dice.of(JUNK)}; sallyport_form=${dice.of(JUNK)}; sallyport_flash=${dice.of(JUNK)}`,
  'a junk form': ({ visitor }, dice) =>
    `sallyport_form=${dice.of([...JUNK, truncated(visitor.cookie), bent(visitor.cookie), forged(visitor.cookie)])}`,
  'a session and a junk form': ({ member }, dice) => `sallyport=${member.cookie}; sallyport_form=${dice.of(JUNK)}`,
  'a junk message': ({ member, flash }, dice) =>
    `sallyport=${member.cookie}; sallyport_flash=${dice.of([...JUNK, truncated(flash), bent(flash), forged(flash)])}`,
  'each in the place of another': ({ member, visitor, flash }) =>
    `sallyport=${flash}; sallyport_form=${member.cookie}; sallyport_flash=${visitor.cookie}`,
  'three hundred': ({ member }) => `${'a=b; '.repeat(300)}sallyport=${member.cookie}`,
  'no pairs at all': () => ';;;=;,=',
}
