import type { Assertion, Attestation } from './answers.js'

/** The site that passkeys belong to: its origin, and its host name, which is the relying party's id. */
export interface Site {
  origin: string
  rpId: string
}

export interface NewCredential {
  credentialId: string
  /** COSE key, base64url. */
  publicKey: string
  signCount: number
  aaguid: string
  /** The authenticator may copy it to other devices. */
  synced: boolean
}

/** What a browser has signed is worth nothing: the reason is for a debugger, and leaves the process nowhere. */
class Unverified extends Error {}

/** The libraries take 0.2 s to load; an app whose users have no passkeys never loads them. */
const server = () => import('@simplewebauthn/server')
const helpers = () => import('@simplewebauthn/server/helpers')

/** ES256 and RS256 are what authenticators have; Ed25519 comes first where one has it (WebAuthn Level 3, 5.4). */
const ALGORITHMS = [-8, -7, -257]
export const PUBLIC_KEY_PARAMETERS = ALGORITHMS.map((alg) => ({ type: 'public-key' as const, alg }))

/** Verifies a new passkey (WebAuthn Level 3, 7.1), `challenge` being the one it was asked for with. Null: it is not right. */
export async function verifyNew(answer: Attestation, challenge: string, site: Site): Promise<NewCredential | null> {
  return orNull(async () => {
    const { verifyRegistrationResponse } = await server()
    const { clientDataJSON, attestationObject } = answer.response
    const response = { clientDataJSON, attestationObject: await withoutStatement(attestationObject) }
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { id: answer.id, rawId: answer.rawId, type: answer.type, response, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    })
    if (!verified || answer.crossOrigin) throw new Unverified()
    const { credential, aaguid, credentialDeviceType } = registrationInfo
    if (credential.id !== answer.id) throw new Unverified()
    return {
      credentialId: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      signCount: credential.counter,
      aaguid,
      synced: credentialDeviceType === 'multiDevice',
    }
  })
}

/**
 * Verifies a use of a passkey (WebAuthn Level 3, 7.2), all but its counter, which is returned: whether it has gone back
 * is only worth knowing of an answer that is right. Null: it is not.
 */
export async function verifyUse(
  answer: Assertion,
  { challenge, credentialId, publicKey }: { challenge: string; credentialId: string; publicKey: string },
  site: Site,
): Promise<{ signCount: number } | null> {
  return orNull(async () => {
    const { verifyAuthenticationResponse } = await server()
    const { clientDataJSON, authenticatorData, signature } = answer.response
    const response = { clientDataJSON, authenticatorData, signature }
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { id: answer.id, rawId: answer.rawId, type: answer.type, response, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      requireUserVerification: true,
      credential: { id: credentialId, publicKey: Buffer.from(publicKey, 'base64url'), counter: 0 },
    })
    if (!verified || answer.crossOrigin) throw new Unverified()
    return { signCount: authenticationInfo.newCounter }
  })
}

/**
 * We ask for no attestation, so a statement that comes anyway counts for nothing; and nobody looks at it: its
 * certificates may name addresses of revocation lists, which would be fetched.
 */
async function withoutStatement(attestationObject: string): Promise<string> {
  const { decodeAttestationObject } = await helpers()
  const data = decodeAttestationObject(Buffer.from(attestationObject, 'base64url')).get('authData')
  const length = Buffer.alloc(2)
  length.writeUInt16BE(data.length)
  // CBOR: { fmt: 'none', attStmt: {}, authData }
  const head = ['a3', '63', hex('fmt'), '64', hex('none'), '67', hex('attStmt'), 'a0', '68', hex('authData'), '59']
  return Buffer.concat([Buffer.from(head.join(''), 'hex'), length, data]).toString('base64url')
}

const hex = (text: string) => Buffer.from(text).toString('hex')

/** The library throws for whatever is not right, junk included. */
async function orNull<T>(verify: () => Promise<T>): Promise<T | null> {
  try {
    return await verify()
  } catch {
    return null
  }
}
