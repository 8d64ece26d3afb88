import { createHash, createSign, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'

interface Key {
  id: string
  privateKey: KeyObject
  userHandle: string
}

interface Asked {
  challenge: string
  rpId?: string
  rp?: { id: string }
  user?: { id: string }
  allowCredentials?: { id: string }[]
}

/** What a test can make a browser or an authenticator do wrong. */
interface Faults {
  origin?: string
  counter?: number
  userVerified?: boolean
  crossOrigin?: boolean
  userHandle?: string | null
  /** A new passkey that says to be this one (its id). */
  as?: string
  /** The answer is signed by another key than the passkey's. */
  forged?: boolean
  /** The attestation's format and statement, CBOR; else none. */
  statement?: { fmt: string; cbor: Buffer }
}

const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
const MAY_SYNC = 0x08
const SYNCED = 0x10
const HAS_CREDENTIAL = 0x40

/** A browser with an authenticator in it, as far as a server can tell (WebAuthn Level 3, 6): ES256, in software. */
export class Authenticator {
  counter = 0
  readonly #keys: Key[] = []
  readonly #aaguid: string
  readonly #syncs: boolean

  constructor(
    readonly origin: string,
    { aaguid = '00000000-0000-0000-0000-000000000000', syncs = false } = {},
  ) {
    this.#aaguid = aaguid
    this.#syncs = syncs
  }

  /** `navigator.credentials.create`, as JSON. */
  create(options: object, faults: Faults = {}) {
    const { challenge, rp, user } = options as Asked
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const id = faults.as ? Buffer.from(faults.as, 'base64url') : randomBytes(32)
    const key = { id: id.toString('base64url'), privateKey, userHandle: user!.id }
    this.#keys.push(key)
    const credential = Buffer.concat([
      Buffer.from(this.#aaguid.replaceAll('-', ''), 'hex'),
      uint16(id.length),
      id,
      coseKey(publicKey),
    ])
    const data = Buffer.concat([this.#data(rp!.id, HAS_CREDENTIAL, faults), credential])
    const { fmt = 'none', cbor = Buffer.from('a0', 'hex') } = faults.statement ?? {}
    const object = Buffer.concat([
      Buffer.from('a3', 'hex'),
      cborText('fmt'),
      cborText(fmt),
      cborText('attStmt'),
      cbor,
      cborText('authData'),
      Buffer.from('59', 'hex'),
      uint16(data.length),
      data,
    ])
    const response = {
      clientDataJSON: this.#clientData('webauthn.create', challenge, faults).toString('base64url'),
      attestationObject: object.toString('base64url'),
      transports: ['internal'],
    }
    return { id: key.id, rawId: key.id, type: 'public-key', response, clientExtensionResults: {} }
  }

  /** `navigator.credentials.get`, as JSON: the newest passkey that is allowed answers. */
  get(options: object, faults: Faults = {}) {
    const { challenge, rpId, allowCredentials = [] } = options as Asked
    const allowed = allowCredentials.map(({ id }) => id)
    const key = this.#keys.findLast(({ id }) => allowed.length === 0 || allowed.includes(id))
    if (!key) throw new Error('no passkey of this authenticator is allowed')
    const clientData = this.#clientData('webauthn.get', challenge, faults)
    const data = this.#data(rpId!, 0, faults)
    const signer = faults.forged ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : key.privateKey
    const signature = createSign('sha256')
      .update(Buffer.concat([data, sha256(clientData)]))
      .sign(signer)
    const { userHandle = key.userHandle } = faults
    const response = {
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: data.toString('base64url'),
      signature: signature.toString('base64url'),
      ...(userHandle !== null && { userHandle }),
    }
    return { id: key.id, rawId: key.id, type: 'public-key', response, clientExtensionResults: {} }
  }

  #clientData(type: string, challenge: string, { origin = this.origin, crossOrigin = false }: Faults): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin }))
  }

  #data(rpId: string, more: number, { userVerified = true, counter = this.counter }: Faults): Buffer {
    const flags = USER_PRESENT | (userVerified ? USER_VERIFIED : 0) | (this.#syncs ? MAY_SYNC | SYNCED : 0) | more
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(Buffer.from(rpId)), Buffer.from([flags]), count])
  }
}

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest()
const cborText = (text: string) => Buffer.concat([Buffer.from([0x60 + text.length]), Buffer.from(text)])

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

/** EC2 key, ES256, P-256 (RFC 9052, 7; RFC 9053, 7.1). */
function coseKey(key: KeyObject): Buffer {
  const { x, y } = key.export({ format: 'jwk' })
  const bytes = (part?: string) => Buffer.concat([Buffer.from('5820', 'hex'), Buffer.from(part!, 'base64url')])
  return Buffer.concat([
    Buffer.from('a5010203262001', 'hex'),
    Buffer.from('21', 'hex'),
    bytes(x),
    Buffer.from('22', 'hex'),
    bytes(y),
  ])
}
