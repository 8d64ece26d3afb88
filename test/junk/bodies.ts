import { deflateSync, gzipSync } from 'node:zlib'
import { ada, PASSWORDS } from '../support/host.js'
import type { Dice } from './dice.js'
import { FIELDS, SUFFIXES, WORDS } from './words.js'

const LONE = '\ud800'
const encoded = (word: string) => (word === LONE ? '%ED%A0%80' : encodeURIComponent(word))

/** What an honest person would type: it gets deep, and changes no password. */
const RIGHT: Record<string, string> = {
  email: ada.email,
  password: PASSWORDS.u1!,
  remember: 'on',
  returnTo: '/invoices',
  currentPassword: PASSWORDS.u1!,
  newPassword: PASSWORDS.u1!,
  confirmPassword: PASSWORDS.u1!,
}
const NAMES = Object.keys(RIGHT)

/** A body in which each field is right, or junk, or not there; `token` is what goes into `csrfToken`. */
export function fairBody(dice: Dice, type: string, token: string): Buffer {
  const isJson = type.includes('json')
  const junk = (): unknown => (isJson ? value(dice, 2) : dice.of(WORDS.filter((word) => word !== LONE)))
  const fields = NAMES.filter(() => !dice.once(8)).map((name) => [name, dice.once(3) ? junk() : RIGHT[name]] as const)
  if (isJson) return Buffer.from(JSON.stringify({ ...Object.fromEntries(fields), csrfToken: token }))
  const text = fields.map<[string, string]>(([name, each]) => [
    dice.once(12) ? name + dice.of(SUFFIXES) : name,
    String(each),
  ])
  return Buffer.from(new URLSearchParams([...text, ['csrfToken', token]]).toString())
}

/** A body that is at least of the kind that its type says; `token` is what goes into `csrfToken`. */
export function typedBody(dice: Dice, type: string, token: string): Buffer {
  return Buffer.from(type.includes('json') ? json(dice, token) : form(dice, token))
}

/** A body that is of no kind. */
export function wildBody(dice: Dice, type: string, token: string): Buffer {
  const kinds: (() => string | Buffer)[] = [
    () => dice.bytes(dice.below(300)),
    () => '['.repeat(dice.below(5_000)),
    () => '{"a":'.repeat(dice.below(5_000)),
    () => `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
    () => 'f=1&'.repeat(dice.below(500)),
    () => `email=${'x'.repeat(dice.below(200_000))}`,
    () => `email${'[a]'.repeat(dice.below(2_000))}=1`,
    () => Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
    () => Buffer.concat([Buffer.from('email='), Buffer.from([0xc3, 0x28, 0xf0, 0x28, 0x8c, 0xbc, 0x00])]),
    () => '--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na\r\n--x',
    () => '"text"',
    () => 'null',
    () => `{"csrfToken":${JSON.stringify(token)},"__proto__":{"email":"a"},"email":1e999}`,
    () => typedBody(dice, type, token).subarray(0, dice.below(60)),
  ]
  return Buffer.from(dice.of(kinds)())
}

/** What a `Content-Encoding` says, and what a body becomes by it: rightly, wrongly, or as a bomb of a megabyte. */
export function encodedBody(dice: Dice, body: Buffer): [string, Buffer] {
  return dice.of<() => [string, Buffer]>([
    () => ['gzip', gzipSync(body)],
    () => ['deflate', deflateSync(body)],
    () => ['gzip', gzipSync(body).subarray(0, 12)],
    () => ['gzip', body],
    () => ['br', body],
    () => ['gzip', gzipSync(Buffer.alloc(1_000_000))],
    () => ['zstd', body],
    () => ['gzip, gzip', gzipSync(body)],
    () => ['identity', body],
    () => ['', body],
    () => ['__proto__', body],
  ])()
}

function value(dice: Dice, depth: number): unknown {
  if (depth === 0 || dice.once(2)) return dice.of([...WORDS, null, true, false, 7, -0.5, 1e21])
  const inner = value(dice, depth - 1)
  return dice.of<unknown>([[inner], { [dice.of(FIELDS)]: inner }, { $ne: inner }, [], {}, { length: 9e9 }])
}

function json(dice: Dice, token: string): string {
  const fields = FIELDS.filter(() => dice.once(2)).map((name) => [name, value(dice, 2)] as const)
  const all = dice.once(4)
    ? fields
    : [...fields.filter(([name]) => name !== 'csrfToken'), ['csrfToken', token] as const]
  // written out: an object literal would swallow "__proto__"
  return `{${all.map(([name, each]) => `${JSON.stringify(name)}:${JSON.stringify(each) ?? 'null'}`).join()}}`
}

function form(dice: Dice, token: string): string {
  const fields = FIELDS.filter(() => dice.once(2)).map(
    (name) => `${name}${dice.of(SUFFIXES)}=${encoded(dice.of(WORDS))}`,
  )
  if (!dice.once(4)) fields.push(`csrfToken=${encodeURIComponent(token)}`)
  return fields.join('&')
}
