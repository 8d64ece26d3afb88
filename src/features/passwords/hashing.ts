import { randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'

/** argon2id (the library's default variant): 19 MiB, two passes, one lane; OWASP's first choice. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export const hashPassword = (password: string): Promise<string> => hash(password, PARAMETERS)

const random = (bytes: number) => randomBytes(bytes).toString('base64').replace(/=+$/, '')

/** The hash of no password that anybody knows: comparing with it takes as long as with any other. */
export const unusableHash = (): string => {
  const { memoryCost, timeCost, parallelism } = PARAMETERS
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${random(16)}$${random(32)}`
}

let dummy: Promise<string> | undefined

/** Makes the hash that nobody has, before the first sign-in would have to wait for it, and so would take twice as long. */
export async function prepareDummy(): Promise<string> {
  dummy ??= hashPassword('sallyport: no password has this hash')
  return dummy
}

/** True when the password is right. `stored` null: does the same work and says no, so that unknown accounts take as long. */
export async function verifyHash(stored: string | null, password: string): Promise<boolean> {
  const right = await verify(stored ?? (await prepareDummy()), password)
  return stored !== null && right
}
