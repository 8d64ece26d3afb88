import { z } from 'zod'
import { deriveKey } from './core/crypto.js'
import type { EnvelopeKey } from './core/envelope.js'

const MAKE_ONE = "'openssl rand -base64 32' makes one"
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/
/** What the ids of keys begin with that are derived from a `secret`. */
const DERIVED = 'secret-'

const id = z
  .string({ error: "is missing; write an id of your own, such as '2026-01'" })
  .regex(/^[a-z0-9-]{1,32}$/, { error: "is not usable; write up to 32 of a-z, 0-9 and -, such as '2026-01'" })
  .refine((value) => !value.startsWith(DERIVED), {
    error: `begins with '${DERIVED}' like those derived from your secret; write another, such as '2026-01'`,
  })
const key = z
  .string({ error: `is missing; write 32 random bytes in base64: ${MAKE_ONE}` })
  .regex(BASE64, { error: `is not 32 bytes in base64; write 32 random ones: ${MAKE_ONE}` })

/** The option `keys`. */
export const keyOptions = z
  .array(z.strictObject({ id, key }, { error: objectProblem }), {
    error: "must be a list; write keys: [{ id: '2026-01', key: process.env.SALLYPORT_KEY }]",
  })
  .min(1, `must hold at least one key (${MAKE_ONE}); without keys of your own leave it out`)
  .superRefine((keys, context) => {
    for (const [i, { id }] of keys.entries())
      if (keys.findIndex((each) => each.id === id) < i)
        context.addIssue({
          code: 'custom',
          path: [i, 'id'],
          message: `is "${id}", and another key has it too; give each an id of its own`,
        })
  })
  .optional()

/**
 * The keys for secrets at rest: the given ones, then one derived from each secret, so that what was sealed before there
 * were keys still opens. The id of a derived key is an output of HKDF beside the key: it tells nothing about it.
 */
export function envelopeKeys(given: z.output<typeof keyOptions>, secrets: readonly string[]): EnvelopeKey[] {
  const own = (given ?? []).map((each) => ({ id: each.id, key: Buffer.from(each.key, 'base64') }))
  const derived = secrets.map((secret) => ({
    id: DERIVED + deriveKey(secret, 'envelope-id').toString('hex').slice(0, 8),
    key: deriveKey(secret, 'envelope'),
  }))
  return [...own, ...derived]
}

function objectProblem(issue: z.core.$ZodRawIssue): string | undefined {
  return issue.code === 'unrecognized_keys' ? undefined : "must be a key; write { id: '2026-01', key: '...' }"
}
