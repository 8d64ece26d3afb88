import { z } from 'zod'

/** Longer than any browser's answer; a body of ours may be 64 KB. */
const LONGEST = 16_384

const base64url = z
  .string()
  .min(1)
  .max(LONGEST)
  .regex(/^[\w-]+$/)
const transport = z
  .string()
  .max(32)
  .regex(/^[a-z-]+$/)
const common = { id: base64url.max(1366), rawId: base64url.max(1366), type: z.literal('public-key') }

const assertion = z
  .object({
    ...common,
    response: z.object({
      clientDataJSON: base64url,
      authenticatorData: base64url,
      signature: base64url,
      userHandle: base64url.max(128).nullish(),
    }),
  })
  .transform(({ response, ...rest }) => ({ ...rest, response, ...saidByClient(response.clientDataJSON) }))

const attestation = z
  .object({
    ...common,
    response: z.object({
      clientDataJSON: base64url,
      attestationObject: base64url,
      transports: z.array(transport).max(8).catch([]).default([]),
    }),
  })
  .transform(({ response, ...rest }) => ({ ...rest, response, ...saidByClient(response.clientDataJSON) }))

/** AuthenticationResponseJSON (WebAuthn Level 3, 5.1.8), and what the browser has signed with it. */
export type Assertion = z.output<typeof assertion>
/** RegistrationResponseJSON. */
export type Attestation = z.output<typeof attestation>

/** Null: not what a browser answers. A text is JSON, as a form's field holds it. */
export const assertionOf = (answer: unknown): Assertion | null => assertion.safeParse(parsed(answer)).data ?? null
export const attestationOf = (answer: unknown): Attestation | null => attestation.safeParse(parsed(answer)).data ?? null

/**
 * The browser's answer in a body: the body itself, or its field `response` or `passkey`; in a form, JSON in the field
 * `passkey`.
 */
export function answerIn(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return null
  const { passkey, response } = body as Record<string, unknown>
  if (passkey !== undefined) return passkey
  return typeof response === 'object' && response !== null && 'id' in response ? response : body
}

function parsed(answer: unknown): unknown {
  if (typeof answer !== 'string') return answer
  if (answer.length > LONGEST) return null
  try {
    return JSON.parse(answer) as unknown
  } catch {
    return null
  }
}

const clientData = z.object({ challenge: base64url.max(128), crossOrigin: z.boolean().optional() })
const NOTHING_SAID = { challenge: null, crossOrigin: false }

/** The challenge that was signed; null where it cannot be read. */
function saidByClient(clientDataJSON: string): { challenge: string | null; crossOrigin: boolean } {
  const said = clientData.safeParse(parsed(Buffer.from(clientDataJSON, 'base64url').toString())).data
  return said ? { challenge: said.challenge, crossOrigin: said.crossOrigin === true } : NOTHING_SAID
}
