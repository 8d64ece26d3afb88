import { createHash, pbkdf2, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto'
import { promisify } from 'node:util'
import { verify as verifyArgon2 } from '@node-rs/argon2'

/** Says whether a password is the one of an old hash. */
export type Compare = (password: string) => Promise<boolean>

/** What may be spent on one hash: a table that somebody has tampered with must not be able to stop the app. */
const MOST = {
  bcryptCost: 15,
  argon2: { memoryKib: 262_144, passes: 16, memoryPasses: 1_048_576, lanes: 16 },
  scrypt: { memoryBytes: 256 * 1024 * 1024, work: 2 ** 23, lanes: 16 },
  pbkdf2Iterations: 5_000_000,
}
const LONGEST = 1_024
/** A shorter hash, an empty one above all, would be right by chance. */
const HASH_BYTES = { least: 16, most: 128 }

const scryptAsync = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)
const pbkdf2Async = promisify(pbkdf2)

/** A format: what its text looks like, and how its parts are compared; null where they ask for more than `MOST`. */
type Format = [RegExp, (...parts: string[]) => Compare | null]

const FORMATS: Format[] = [
  // bcrypt, as Laravel and most others write it; Django's `bcrypt$` before it changes nothing
  [/^(?:bcrypt\$)?(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53})$/, (hash, cost) => bcrypt(hash, Number(cost))],
  // Django: of the SHA-256 in hexadecimal, which is no longer than the 72 bytes that bcrypt reads
  [
    /^bcrypt_sha256\$(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53})$/,
    (hash, cost) => {
      const compare = bcrypt(hash, Number(cost))
      return compare && ((password) => compare(createHash('sha256').update(password).digest('hex')))
    },
  ],
  // PHC, as Laravel writes it; Django puts its own name before it
  [
    /^(?:argon2)?(\$argon2(?:id|i|d)\$v=\d+\$m=(\d{1,9}),t=(\d{1,4}),p=(\d{1,3})\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]{22,172})$/,
    (hash, memory, passes, lanes) => argon2(hash, Number(memory), Number(passes), Number(lanes)),
  ],
  [
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,3})\$([A-Za-z0-9+/.]*)\$([A-Za-z0-9+/.]+)$/,
    (ln, r, p, salt, hash) => scrypts([2 ** Number(ln), Number(r), Number(p)], bytes(salt), bytes(hash)),
  ],
  // Django: the salt is the text itself
  [
    /^scrypt\$(\d{1,9})\$([^$]*)\$(\d{1,4})\$(\d{1,3})\$([A-Za-z0-9+/]+={0,2})$/,
    (n, salt, r, p, hash) => scrypts([Number(n), Number(r), Number(p)], Buffer.from(salt), bytes(hash)),
  ],
  [
    /^pbkdf2_(sha1|sha256|sha512)\$(\d{1,9})\$([^$]*)\$([A-Za-z0-9+/]+={0,2})$/,
    (digest, iterations, salt, hash) => pbkdf2s(digest, Number(iterations), Buffer.from(salt), bytes(hash)),
  ],
  // passlib: base64 with "." for "+"
  [
    /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(\d{1,9})\$([A-Za-z0-9./]*)\$([A-Za-z0-9./]+)$/,
    (digest, iterations, salt, hash) => pbkdf2s(digest ?? 'sha1', Number(iterations), bytes(salt), bytes(hash)),
  ],
]

/** How to compare with an old hash; null for one in no format that is known here, or with absurd parameters. */
export function readLegacyHash(text: string): Compare | null {
  if (text.length > LONGEST) return null
  for (const [pattern, read] of FORMATS) {
    const found = pattern.exec(text)
    if (found) return read(...found.slice(1))
  }
  return null
}

function bcrypt(hash: string, cost: number): Compare | null {
  if (cost < 4 || cost > MOST.bcryptCost) return null
  // loaded when the first is met: most apps have none
  return async (password) => (await import('@node-rs/bcrypt')).verify(password, hash)
}

function argon2(hash: string, memoryKib: number, passes: number, lanes: number): Compare | null {
  const { memoryKib: memory, passes: most, memoryPasses, lanes: mostLanes } = MOST.argon2
  const isAbsurd = memoryKib > memory || passes > most || memoryKib * passes > memoryPasses || lanes > mostLanes
  if (isAbsurd || passes < 1 || lanes < 1 || memoryKib < 8 * lanes) return null
  return (password) => verifyArgon2(hash, password)
}

function scrypts([n, r, p]: [number, number, number], salt: Buffer, hash: Buffer): Compare | null {
  const { memoryBytes, work, lanes } = MOST.scrypt
  const isPowerOfTwo = n >= 2 && Number.isInteger(Math.log2(n))
  const memory = 128 * n * r
  if (!isPowerOfTwo || r < 1 || p < 1 || p > lanes || memory > memoryBytes || n * r * p > work) return null
  const options = { N: n, r, p, maxmem: memory + 128 * r * p + 1024 * 1024 }
  return comparing(hash, (password) => scryptAsync(password, salt, hash.length, options))
}

function pbkdf2s(digest: string, iterations: number, salt: Buffer, hash: Buffer): Compare | null {
  if (iterations < 1 || iterations > MOST.pbkdf2Iterations) return null
  return comparing(hash, (password) => pbkdf2Async(password, salt, iterations, hash.length, digest))
}

function comparing(hash: Buffer, derive: (password: string) => Promise<Buffer>): Compare | null {
  if (hash.length < HASH_BYTES.least || hash.length > HASH_BYTES.most) return null
  return async (password) => timingSafeEqual(await derive(password), hash)
}

/** Base64, also without padding and with passlib's "." for "+". */
const bytes = (text: string): Buffer => Buffer.from(text.replaceAll('.', '+'), 'base64')
