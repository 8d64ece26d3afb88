import { deepEqual, equal } from 'node:assert/strict'
import type { SecurityEvent } from 'sallyport'
import { Authenticator } from '../support/passkey-authenticator.js'
import { BASE, type Browser, type Page } from '../support/browser.js'
import { until } from '../support/clock.js'
import { ada, grace, PASSWORDS, startHost, type Host, type Person } from '../support/host.js'
import { askToSignIn, passkeysOf, register, send, usePasskey } from '../support/passkeys.js'

const MINUTE = 60_000
const ANSWER = `${BASE}/passkeys/authenticate`

describe('Signing in with a passkey', () => {
  let host: Host
  let enforced: boolean
  let people: Person[]
  let authenticator: Authenticator
  /** Where the passkey was added. */
  let home: Browser
  let failures: unknown[]
  beforeEach(async () => {
    enforced = false
    people = [{ ...ada }, grace]
    host = await startHost({ people, twoFactor: { enforced: () => enforced } })
    failures = []
    const note = ({ userId, details }: SecurityEvent<'auth.sign_in_failed'>) => failures.push([userId, details.reason])
    host.security.on('auth.sign_in_failed', note)
    host.security.on('auth.second_factor_failed', ({ userId, details }) => failures.push([userId, details.reason]))
    home = host.browser()
    await home.signIn(ada, PASSWORDS.u1!)
    authenticator = new Authenticator(host.url)
    equal((await register(home, authenticator)).status, 201)
  })
  afterEach(async () => {
    deepEqual(host.errors, [])
    await host.close()
  })

  const isRefused = (answer: Page) => deepEqual([answer.status, answer.json.code], [422, 'invalid_passkey'])

  it('needs no password, and counts as both factors', async () => {
    enforced = true
    const browser = host.browser()
    const answer = await usePasskey(browser, authenticator)
    deepEqual([answer.status, answer.json.user], [200, ada])
    equal((await browser.json('/payouts')).status, 200)
    equal((await passkeysOf(browser))[0]!.lastUsedAt === null, false)
  })

  it('asks visitors for any passkey of this site, and tells nothing of who has one', async () => {
    const { status, json } = await askToSignIn(host.browser())
    const { rpId, allowCredentials, userVerification } = json
    deepEqual([status, rpId, allowCredentials, userVerification], [200, 'localhost', [], 'required'])
  })

  it('takes the answer as the body, as its field, or as JSON in a form, which leads on', async () => {
    for (const field of ['response', 'passkey']) {
      const browser = host.browser()
      const options = await askToSignIn(browser)
      equal((await send(browser, ANSWER, { [field]: authenticator.get(options.json) })).status, 200, field)
    }
    const browser = host.browser()
    const page = await browser.visit(`${BASE}/sign-in?returnTo=/invoices`)
    const options = await askToSignIn(browser)
    const passkey = JSON.stringify(authenticator.get(options.json))
    const done = await browser.submit(page, '/passkeys/authenticate', { passkey })
    deepEqual([done.status, done.location], [303, '/invoices'])
  })

  for (const [what, faults] of Object.entries({
    'for another site': { origin: 'https://sallyport.evil.test' },
    'in a frame of another site': { crossOrigin: true },
    'without verifying its user': { userVerified: false },
    'with another key': { forged: true },
    'as somebody else': { userHandle: 'c29tZWJvZHkgZWxzZQ' },
  }))
    it(`an answer that was signed ${what} signs nobody in`, async () => {
      const browser = host.browser()
      isRefused(await usePasskey(browser, authenticator, faults))
      equal(await browser.isSignedIn(), false)
      await until('it is written down', () => Promise.resolve(failures.length > 0))
      deepEqual(failures, [[ada.id, 'invalid_passkey']])
      equal((await usePasskey(browser, authenticator)).status, 200, 'the right one does')
    })

  it('an answer is good for once', async () => {
    const browser = host.browser()
    const options = await askToSignIn(browser)
    const answer = authenticator.get(options.json)
    equal((await send(browser, ANSWER, answer)).status, 200)
    isRefused(await send(browser, ANSWER, answer))
  })

  it('an answer is good for five minutes', async () => {
    const browser = host.browser()
    const options = await askToSignIn(browser)
    host.clock.advance(5 * MINUTE)
    isRefused(await send(browser, ANSWER, authenticator.get(options.json)))
  })

  it('an answer is worth nothing in another browser than the one that asked', async () => {
    const thief = host.browser()
    await askToSignIn(thief)
    const options = await askToSignIn(host.browser())
    isRefused(await send(thief, ANSWER, authenticator.get(options.json)))
  })

  it('a challenge for adding a passkey signs nobody in', async () => {
    const options = await send(home, `${BASE}/passkeys/register/options`)
    const answer = authenticator.get({ ...options.json, rpId: 'localhost' })
    isRefused(await send(home, ANSWER, answer))
  })

  it('a passkey whose counter goes back is a copy: refused, and written down', async () => {
    authenticator.counter = 7
    equal((await usePasskey(host.browser(), authenticator)).status, 200)
    for (const counter of [7, 6, 0]) isRefused(await usePasskey(host.browser(), authenticator, { counter }))
    await until('it is written down', () => Promise.resolve(failures.length === 3))
    const copy = [ada.id, 'cloned_passkey']
    deepEqual(failures, [copy, copy, copy])
    equal((await usePasskey(host.browser(), authenticator, { counter: 8 })).status, 200)
  })

  it('disabled, by the host or here, looks like a passkey that nobody has', async () => {
    const unknown = new Authenticator(host.url)
    unknown.create({ challenge: 'x', rp: { id: 'localhost' }, user: { id: 'x' } })
    const nobodys = await usePasskey(host.browser(), unknown)
    isRefused(nobodys)
    people[0]!.disabled = true
    const byHost = await usePasskey(host.browser(), authenticator)
    people[0]!.disabled = false
    await host.security.users.disable(ada.id)
    const here = await usePasskey(host.browser(), authenticator)
    deepEqual([byHost.bytes, here.bytes], [nobodys.bytes, nobodys.bytes])
    await until('they are written down', () => Promise.resolve(failures.length === 3))
    deepEqual(failures, [
      [null, 'invalid_passkey'],
      [ada.id, 'disabled'],
      [ada.id, 'disabled'],
    ])
  })

  it('ten wrong answers in a row, and its owner has to wait', async () => {
    for (let i = 0; i < 10; i += 1) isRefused(await usePasskey(host.browser(), authenticator, { forged: true }))
    const browser = host.browser()
    equal((await usePasskey(browser, authenticator)).status, 429)
    equal((await usePasskey(home, authenticator)).status, 200, 'in a browser that she is known in she has not')
    host.clock.advance(1_000)
    equal((await usePasskey(browser, authenticator)).status, 200)
  })

  it('passkeys that nobody has count on the network they come from', async () => {
    await host.close()
    host = await startHost({ throttle: { perNetwork: 3 } })
    const unknown = new Authenticator(host.url)
    unknown.create({ challenge: 'x', rp: { id: 'localhost' }, user: { id: 'x' } })
    for (let i = 0; i < 3; i += 1) isRefused(await usePasskey(host.browser(), unknown))
    equal((await usePasskey(host.browser(), unknown)).status, 429)
  })

  it('needs the token of a page of ours', async () => {
    const browser = host.browser()
    const options = await askToSignIn(browser)
    for (const [path, body] of [
      [ANSWER, authenticator.get(options.json)],
      [`${ANSWER}/options`, {}],
    ] as const)
      equal((await browser.json(path, body)).json.code, 'csrf')
  })

  it('is the second half of a sign-in, in the browser of the first half alone', async () => {
    enforced = true
    const [browser, other] = [host.browser(), host.browser()]
    for (const each of [browser, other]) equal((await each.signIn(ada, PASSWORDS.u1!)).location, `${BASE}/two-factor`)
    const options = await askToSignIn(browser)
    equal((options.json.allowCredentials as unknown[]).length, 1)
    const answer = authenticator.get(options.json, { userHandle: null })
    isRefused(await send(other, ANSWER, answer))
    equal(await browser.isSignedIn(), false)
    equal((await send(browser, ANSWER, answer)).status, 200)
    equal(await browser.isSignedIn(), true)
  })

  it('five wrong answers void a sign-in that is half way', async () => {
    enforced = true
    const browser = host.browser()
    await browser.signIn(ada, PASSWORDS.u1!)
    for (let i = 0; i < 5; i += 1) isRefused(await usePasskey(browser, authenticator, { forged: true }))
    equal((await browser.json(`${BASE}/two-factor`)).json.code, 'challenge_void')
  })

  it('somebody else may sign in where a sign-in is half way', async () => {
    enforced = true
    const browser = host.browser()
    await browser.signIn(ada, PASSWORDS.u1!)
    const options = await askToSignIn(browser, { use: 'sign_in' })
    deepEqual(options.json.allowCredentials, [])
  })

  it('is a fresh proof in a session, which gets a new id', async () => {
    host.clock.advance(11 * MINUTE)
    equal((await home.json('/payouts')).status, 401)
    const before = home.cookie()
    equal((await usePasskey(home, authenticator)).status, 200)
    equal(home.cookie() === before, false)
    equal((await home.json('/payouts')).status, 200)
  })

  it("somebody else's passkey is no proof in a session", async () => {
    const graces = host.browser()
    await graces.signIn(grace, PASSWORDS.u2!)
    await register(graces, new Authenticator(host.url))
    host.clock.advance(11 * MINUTE)
    const options = await askToSignIn(graces)
    isRefused(await send(graces, ANSWER, authenticator.get({ ...options.json, allowCredentials: [] })))
    equal((await graces.json('/payouts')).status, 401)
  })

  it('junk is refused as any wrong answer is', async () => {
    const right = authenticator.get((await askToSignIn(home)).json)
    const { response } = right
    const junk: object[] = [
      {},
      { id: 1 },
      { passkey: null },
      { passkey: 'no json' },
      { passkey: '{"id":' },
      { response: [] },
      { ...right, id: 'a\0b', rawId: 'a\0b' },
      { ...right, type: 'password' },
      { ...right, rawId: 'AAAA' },
      { ...right, response: 'x' },
      { ...right, response: { ...response, clientDataJSON: 'AAAA' } },
      { ...right, response: { ...response, clientDataJSON: Buffer.from('null').toString('base64url') } },
      { ...right, response: { ...response, clientDataJSON: Buffer.from('{"challenge":{}}').toString('base64url') } },
      { ...right, response: { ...response, authenticatorData: 'AAAA' } },
      { ...right, response: { ...response, authenticatorData: 'A'.repeat(16_000) } },
      { ...right, response: { ...response, signature: 'AAAA' } },
      { ...right, response: { ...response, userHandle: {} } },
    ]
    // each from a session: its owner has to wait after ten
    for (const body of junk) {
      isRefused(await send(home, ANSWER, body))
      const added = await send(home, `${BASE}/passkeys/register`, body)
      equal(added.status, 422, JSON.stringify(body))
      host.clock.advance(MINUTE / 6)
    }
    equal((await browserless(host)).status >= 500, false)
  })

  it('a removed passkey fails a sign-in that is under way with it', async () => {
    const browser = host.browser()
    const options = await askToSignIn(browser)
    const answer = authenticator.get(options.json)
    const id = (await passkeysOf(home))[0]!.id
    await send(home, `${BASE}/passkeys/${id}/remove`)
    isRefused(await send(browser, ANSWER, answer))
  })
})

async function browserless(host: Host): Promise<{ status: number }> {
  return fetch(`${host.url}${ANSWER}`, { method: 'POST', body: '\0\0\0' })
}
