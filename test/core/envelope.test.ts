import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { EnvelopeError, Envelopes, keyIdOf } from '../../src/core/envelope.js'
import { envelopeKeys } from '../../src/key-configuration.js'
import { SECRET } from '../support/host.js'

const SEED = 'JBSWY3DPEHPK3PXP'
const ADA = { owner: 'u1', field: 'totp.secret' }
const key = (id: string) => ({ id, key: randomBytes(32) })

describe('An envelope', () => {
  const [first, old] = [key('2026-01'), key('2025-01')]
  const envelopes = new Envelopes([first, old])
  const opens = (envelope: string, where = ADA) => envelopes.open(envelope, where)

  /** Whatever is refused says why, and neither what was in the envelope nor the envelope itself. */
  function refused(envelope: string, why: RegExp, where = ADA): void {
    assert.throws(
      () => opens(envelope, where),
      (error) => {
        assert.ok(error instanceof EnvelopeError)
        assert.match(error.message, why)
        const sealed = envelope.split('.')[2]
        for (const secret of [SEED, ...(sealed ? [sealed] : [])]) assert.ok(!inspect(error).includes(secret))
        return true
      },
      envelope,
    )
  }

  it('holds what was sealed, whatever text it is', () => {
    for (const plain of [SEED, '', 'a', 'ß€😀\u0000\r\n', 'x'.repeat(100_000)])
      assert.equal(opens(envelopes.seal(plain, ADA)), plain)
  })

  it('names its version and its key, and shows nothing of what is in it', () => {
    const [one, two] = [envelopes.seal(SEED, ADA), envelopes.seal(SEED, ADA)]
    assert.match(one, /^v1\.2026-01\.[A-Za-z0-9_-]{59}$/)
    assert.notEqual(one, two)
    assert.equal(keyIdOf(one), '2026-01')
    for (const text of ['', SEED, 'v1.2026-01', 'v2.2026-01.AAAA', 'v1.ADA.AAAA', `${one}\n`, `x${one}`])
      assert.equal(keyIdOf(text), null, text)
  })

  it('opens in its own place only', () => {
    const envelope = envelopes.seal(SEED, ADA)
    const place = /for another owner or field/
    refused(envelope, place, { ...ADA, owner: 'u2' })
    refused(envelope, place, { ...ADA, field: 'totp.pending_secret' })
    refused(envelope, place, { owner: ADA.field, field: ADA.owner })
    for (const [owner, field, otherOwner, otherField] of [
      ['u1', '2.secret', 'u12', '.secret'],
      ['u1","x', 'y', 'u1', 'x","y'],
      ['', 'u1', 'u1', ''],
      ['\ud800', 'x', '\ud801', 'x'],
    ])
      refused(envelopes.seal(SEED, { owner: owner!, field: field! }), place, { owner: otherOwner!, field: otherField! })
  })

  it('that was changed anywhere does not open', () => {
    const envelope = envelopes.seal(SEED, ADA)
    const start = 'v1.2026-01.'.length
    const sealed = Buffer.from(envelope.slice(start), 'base64url')
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed)
      changed[i]! ^= 1
      refused(envelope.slice(0, start) + changed.toString('base64url'), /has been changed/)
    }
    for (let length = 0; length < sealed.length; length++)
      refused(envelope.slice(0, start) + sealed.subarray(0, length).toString('base64url'), /no envelope|changed/)
  })

  it('is one text: no other way to write the same bytes is taken', () => {
    const envelope = envelopes.seal(SEED, ADA)
    // 44 bytes: the last character has two bits that mean nothing
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const twin = envelope.slice(0, -1) + alphabet[alphabet.indexOf(envelope.at(-1)!) ^ 1]!
    const [bytes, same] = [envelope, twin].map((text) => Buffer.from(text.split('.')[2]!, 'base64url'))
    assert.deepEqual(bytes, same)
    refused(twin, /no envelope/)
    for (const text of [`${envelope}=`, `${envelope}\n`, ` ${envelope}`, envelope.replace('v1', 'v2'), '', SEED])
      refused(text, /no envelope/)
  })

  it('of an old key opens too; the first one seals', () => {
    const before = new Envelopes([old]).seal(SEED, ADA)
    assert.equal(opens(before), SEED)
    assert.equal(envelopes.isCurrent(before), false)
    assert.equal(envelopes.isCurrent(envelopes.seal(SEED, ADA)), true)
    assert.deepEqual(envelopes.keyIds, ['2026-01', '2025-01'])
  })

  it('of a key that is missing, or is another one by the same id, does not open', () => {
    refused(new Envelopes([key('2024-01')]).seal(SEED, ADA), /its key "2024-01" is not among the keys/)
    refused(new Envelopes([key('2026-01')]).seal(SEED, ADA), /under another key/)
    // nor when it says to be of another key that is here
    refused(envelopes.seal(SEED, ADA).replace('2026-01', '2025-01'), /under another key/)
  })

  it('keys do not show when they are printed', () => {
    const shown = inspect(envelopes, { depth: 9, showHidden: true })
    assert.match(shown, /2026-01/)
    for (const { key } of [first, old])
      for (const text of [inspect(key).slice(8, 30), key.toString('base64').slice(0, 8)])
        assert.ok(!shown.includes(text), shown)
  })
})

describe('Keys derived from the secret', () => {
  const OTHER = `other ${SECRET}`

  it('open what was sealed before the secret was rotated', () => {
    const before = new Envelopes(envelopeKeys(undefined, [SECRET])).seal(SEED, ADA)
    const after = new Envelopes(envelopeKeys(undefined, [OTHER, SECRET]))
    assert.equal(after.open(before, ADA), SEED)
    assert.equal(after.isCurrent(before), false)
    assert.throws(() => new Envelopes(envelopeKeys(undefined, [OTHER])).open(before, ADA), EnvelopeError)
  })

  it('open what was sealed before there were keys of your own', () => {
    const before = new Envelopes(envelopeKeys(undefined, [SECRET])).seal(SEED, ADA)
    const own = { id: '2026-01', key: randomBytes(32).toString('base64url') }
    const after = new Envelopes(envelopeKeys([own], [SECRET]))
    assert.equal(after.open(before, ADA), SEED)
    assert.equal(keyIdOf(after.seal(SEED, ADA)), '2026-01')
  })

  it('have an id that stays the same, differs from secret to secret, and is no part of the key', () => {
    const [one, again, other] = [SECRET, SECRET, OTHER].map((secret) => envelopeKeys(undefined, [secret])[0]!)
    assert.match(one!.id, /^secret-[0-9a-f]{8}$/)
    assert.deepEqual(one, again)
    assert.notEqual(one!.id, other!.id)
    assert.ok(!one!.key.toString('hex').includes(one!.id.slice('secret-'.length)))
  })

  it('are the same for base64 and base64url, with its sign at the end or without', () => {
    const bytes = Buffer.alloc(32, 0xfb)
    const written = [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('base64').slice(0, -1)]
    assert.equal(new Set(written).size, 3)
    for (const key of written) assert.deepEqual(envelopeKeys([{ id: 'a', key }], [])[0]!.key, bytes)
  })
})
