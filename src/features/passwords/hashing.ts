import { hash, verify } from '@node-rs/argon2'

/** argon2id (the library's default variant): 19 MiB, two passes, one lane; OWASP's first choice. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export const hashPassword = (password: string): Promise<string> => hash(password, PARAMETERS)

let dummy: Promise<string> | undefined

/** True when the password is right. `stored` null: does the same work and says no, so that unknown accounts take as long. */
export async function verifyHash(stored: string | null, password: string): Promise<boolean> {
  dummy ??= hashPassword('sallyport: no password has this hash')
  const right = await verify(stored ?? (await dummy), password)
  return stored !== null && right
}
