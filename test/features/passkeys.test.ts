import { deepEqual, equal } from 'node:assert/strict'
import { Authenticator } from '../support/passkey-authenticator.js'
import { BASE, type Browser } from '../support/browser.js'
import { ada, grace, PASSWORDS, startHost, type Host } from '../support/host.js'
import { askToRegister, passkeysOf, register, send, usePasskey } from '../support/passkeys.js'

const ICLOUD = 'fbfc3007-154e-4ecc-8c0b-6e020557d7bd'
const MINUTE = 60_000

describe('Passkeys on the Security page', () => {
  let host: Host
  let enforced: boolean
  let browser: Browser
  let authenticator: Authenticator
  let events: string[]
  beforeEach(async () => {
    enforced = false
    host = await startHost({ twoFactor: { enforced: () => enforced } })
    authenticator = new Authenticator(host.url)
    events = []
    host.security.on('auth.passkey_added', ({ details }) => events.push(`added ${details.name}`))
    host.security.on('auth.passkey_removed', ({ details }) => events.push(`removed ${details.name}`))
    browser = host.browser()
    await browser.signIn(ada, PASSWORDS.u1!)
  })
  afterEach(async () => {
    deepEqual(host.errors, [])
    await host.close()
  })

  const rename = (id: string, name: string, who = browser) => send(who, `${BASE}/passkeys/${id}/rename`, { name })
  const remove = (id: string, who = browser) => send(who, `${BASE}/passkeys/${id}/remove`)

  async function adasPasskey(name?: string): Promise<string> {
    const added = await register(browser, authenticator, name)
    equal(added.status, 201, added.response.text)
    return (added.json.passkey as { id: string }).id
  }

  it('a new one has the name of what keeps it', async () => {
    await register(browser, new Authenticator(host.url, { aaguid: ICLOUD, syncs: true }))
    const [passkey] = await passkeysOf(browser)
    const { name, device, synced, lastUsedAt } = passkey!
    deepEqual(
      { name, device, synced, lastUsedAt },
      { name: 'iCloud Keychain', device: 'iCloud Keychain', synced: true, lastUsedAt: null },
    )
    deepEqual(events, ['added iCloud Keychain'])
  })

  it('one that nobody knows is called "Passkey", or what its owner calls it', async () => {
    await adasPasskey()
    await adasPasskey(' Key in the drawer ')
    const names = (await passkeysOf(browser)).map(({ name, device, synced }) => [name, device, synced])
    deepEqual(names, [
      ['Passkey', null, false],
      ['Key in the drawer', null, false],
    ])
  })

  it('options ask for a passkey that finds its user and verifies them, on this site, and tell the authenticator no id', async () => {
    await adasPasskey()
    const { json } = await askToRegister(browser)
    deepEqual(json.rp, { id: 'localhost', name: 'localhost' })
    const { residentKey, userVerification } = json.authenticatorSelection as Record<string, string>
    deepEqual([residentKey, userVerification, json.attestation], ['required', 'required', 'none'])
    equal((json.excludeCredentials as unknown[]).length, 1)
    const user = json.user as { id: string; name: string; displayName: string }
    deepEqual([user.name, user.displayName], [ada.email, ada.name])
    equal(Buffer.from(user.id, 'base64url').length, 32)
    equal(Buffer.from(user.id, 'base64url').includes(ada.id), false)
    deepEqual(((await askToRegister(browser)).json.user as { id: string }).id, user.id)
  })

  it('a fresh proof is asked for before one is added or removed', async () => {
    const id = await adasPasskey()
    const options = await askToRegister(browser)
    host.clock.advance(11 * MINUTE)
    for (const answer of [
      await askToRegister(browser),
      await send(browser, `${BASE}/passkeys/register`, authenticator.create(options.json)),
      await remove(id),
    ])
      deepEqual([answer.status, answer.json.code], [401, 'step_up_required'])
    equal((await passkeysOf(browser)).length, 1)
  })

  for (const [what, faults] of Object.entries({
    'from another site': { origin: 'https://sallyport.evil.test' },
    'in a frame of another site': { crossOrigin: true },
    'by somebody whom the authenticator has not verified': { userVerified: false },
  }))
    it(`one that was made ${what} is refused`, async () => {
      const options = await askToRegister(browser)
      const answer = await send(browser, `${BASE}/passkeys/register`, authenticator.create(options.json, faults))
      deepEqual([answer.status, answer.json.code], [422, 'invalid_passkey'])
      deepEqual(await passkeysOf(browser), [])
    })

  it('a challenge adds one passkey, within five minutes, in the session that asked', async () => {
    const add = (who: Browser, options: object) => send(who, `${BASE}/passkeys/register`, authenticator.create(options))
    const used = await askToRegister(browser)
    equal((await add(browser, used.json)).status, 201)
    equal((await add(browser, used.json)).status, 422, 'used before')

    const old = await askToRegister(browser)
    host.clock.advance(5 * MINUTE)
    equal((await add(browser, old.json)).status, 422, 'too old')

    const elsewhere = host.browser()
    await elsewhere.signIn(ada, PASSWORDS.u1!)
    const other = await askToRegister(elsewhere)
    equal((await add(browser, other.json)).status, 422, "another session's")
    equal((await passkeysOf(browser)).length, 1)
  })

  it('a statement about the authenticator, which nobody has asked for, is not looked at', async () => {
    // a certificate in it could name an address that we would then fetch
    const options = await askToRegister(browser)
    const statement = { fmt: 'packed', cbor: Buffer.from('a363616c67266373696740637835638140', 'hex') }
    const answer = authenticator.create(options.json, { statement })
    equal((await send(browser, `${BASE}/passkeys/register`, answer)).status, 201)
  })

  it('adding one gives the session a new id', async () => {
    const before = browser.cookie()
    await adasPasskey()
    equal(browser.cookie() === before, false)
    equal(await browser.isSignedIn(), true)
  })

  it("somebody else's passkey cannot be added a second time", async () => {
    const options = await askToRegister(browser)
    const answer = authenticator.create(options.json)
    await send(browser, `${BASE}/passkeys/register`, answer)
    const graces = host.browser()
    await graces.signIn(grace, PASSWORDS.u2!)
    const hers = await askToRegister(graces)
    const copy = authenticator.create({ ...hers.json }, { as: answer.id })
    const refused = await send(graces, `${BASE}/passkeys/register`, copy)
    deepEqual([refused.status, refused.json.code], [422, 'invalid_passkey'])
    deepEqual(await passkeysOf(graces), [])
  })

  it('is renamed', async () => {
    const id = await adasPasskey()
    equal((await rename(id, 'Laptop')).status, 200)
    equal((await passkeysOf(browser))[0]!.name, 'Laptop')
    for (const name of ['', '   ', 'x'.repeat(61)]) equal((await rename(id, name)).status, 422, JSON.stringify(name))
    equal((await passkeysOf(browser))[0]!.name, 'Laptop')
  })

  it('is removed, and signs nobody in any more; the sessions go on', async () => {
    const id = await adasPasskey()
    const elsewhere = host.browser()
    equal((await usePasskey(elsewhere, authenticator)).status, 200)
    equal((await remove(id)).status, 200)
    deepEqual(events, ['added Passkey', 'removed Passkey'])
    deepEqual(await passkeysOf(browser), [])
    equal(await elsewhere.isSignedIn(), true)
    const refused = await usePasskey(host.browser(), authenticator)
    deepEqual([refused.status, refused.json.code], [422, 'invalid_passkey'])
  })

  it('of somebody else looks like one that there is not', async () => {
    const id = await adasPasskey()
    const graces = host.browser()
    await graces.signIn(grace, PASSWORDS.u2!)
    for (const answer of [await rename(id, 'Mine', graces), await remove(id, graces), await remove('nothing', graces)])
      deepEqual([answer.status, answer.json.code], [404, 'not_found'])
    equal((await passkeysOf(browser))[0]!.name, 'Passkey')
  })

  it('the last factor stays where one is enforced', async () => {
    const [first, second] = [await adasPasskey('One'), await adasPasskey('Two')]
    enforced = true
    equal((await remove(first)).status, 200)
    const refused = await remove(second)
    deepEqual([refused.status, refused.json.code], [403, 'two_factor_enforced'])
    enforced = false
    equal((await remove(second)).status, 200)
  })

  it('of the last two, one stays where one is enforced, also when both are removed at once', async () => {
    const ids = [await adasPasskey('One'), await adasPasskey('Two')]
    const other = host.browser()
    await other.signIn(ada, PASSWORDS.u1!)
    enforced = true
    await Promise.all([remove(ids[0]!), remove(ids[1]!, other)])
    equal((await passkeysOf(browser)).length, 1)
  })

  it('there are twenty at most', async () => {
    const last = await askToRegister(browser)
    for (let i = 0; i < 19; i += 1) await adasPasskey()
    const parallel = await askToRegister(browser)
    equal((await send(browser, `${BASE}/passkeys/register`, authenticator.create(last.json))).status, 201)
    for (const refused of [
      await askToRegister(browser),
      await send(browser, `${BASE}/passkeys/register`, authenticator.create(parallel.json)),
    ])
      deepEqual([refused.status, refused.json.code], [409, 'passkey_limit'])
    equal((await passkeysOf(browser)).length, 20)
  })
})

describe('Where passkeys cannot be', () => {
  it('an IP address has no passkeys: no card, no button, no routes', async () => {
    const host = await startHost({ origin: 'http://127.0.0.1:3999' })
    const browser = host.browser()
    const page = await browser.visit(`${BASE}/sign-in`)
    equal(page.$('[data-sp-passkey]').length, 0)
    equal(page.$('[name=email]').attr('autocomplete'), 'username')
    const answer = await send(browser, `${BASE}/passkeys/authenticate/options`)
    equal(answer.status, 404)
    await host.close()
  })
})
