import assert from 'node:assert/strict'
import { STEP_MS, codeAt } from '../support/authenticator.js'
import type { TestClock } from '../support/clock.js'
import type { HostProcess } from '../support/process.js'
import { ask, type Answer } from './client.js'

export interface World {
  a: HostProcess
  b: HostProcess
  /** Goes as those of the processes do. */
  clock: TestClock
}

/** Lets time go by everywhere. */
export async function advance({ a, b, clock }: World, ms: number): Promise<void> {
  await Promise.all([a.advance(ms), b.advance(ms)])
  clock.advance(ms)
}

/** A browser's cookies. */
export class Jar {
  readonly #cookies = new Map<string, string>()
  csrfToken = ''

  constructor(cookies: Iterable<[string, string]> = []) {
    for (const [name, value] of cookies) this.#cookies.set(name, value)
  }

  /** The same browser before anybody was signed in there: its user still knows it. */
  signedOut(): Jar {
    return new Jar([...this.#cookies].filter(([name]) => name.includes('device')))
  }

  async ask(host: HostProcess, path: string, body?: object, hold?: string): Promise<Answer> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent = body && { csrfToken: this.csrfToken, ...body }
    const answer = await ask(host, path, { cookie, ...(sent && { body: sent }), ...(hold && { hold }) })
    for (const each of answer.cookies) {
      const [name, value] = [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]
      if (value) this.#cookies.set(name, value)
      else this.#cookies.delete(name)
    }
    return answer
  }

  async readToken(host: HostProcess, page: string): Promise<void> {
    const { status, body } = await patiently(() => this.ask(host, page))
    assert.equal(status, 200, JSON.stringify(body))
    this.csrfToken = body.csrfToken as string
  }
}

/** A user with two-factor, and four of their browsers, signed in. A known browser has a throttle of its own. */
export interface Owner {
  user: string
  secret: string
  recoveryCodes: string[]
  jars: Jar[]
}

const BROWSERS = 4

const TRIES = 5

/** What only prepares a round may be asked again where the database was too slow, on a busy machine. */
async function patiently(question: () => Promise<Answer>): Promise<Answer> {
  for (let left = TRIES; ; left -= 1) {
    const answer = await question()
    if (answer.status !== 503 || left === 0) return answer
  }
}

/** The first half of a sign-in, without a password: it is not the point here. */
export async function halfWay(host: HostProcess, user: string, jar: Jar): Promise<Jar> {
  const { status, body } = await patiently(() => jar.ask(host, '/race/sign-in', { user }))
  assert.equal(status, 200, JSON.stringify(body))
  await jar.readToken(host, '/security/two-factor')
  return jar
}

export async function enrolledOwner(world: World, user: string): Promise<Owner> {
  const { a, clock } = world
  const jar = new Jar()
  assert.equal((await jar.ask(a, '/race/sign-in', { user })).status, 200)
  await jar.readToken(a, '/security/sessions')
  const begun = await jar.ask(a, '/security/totp/enrol', {})
  assert.equal(begun.status, 200, JSON.stringify(begun.body))
  const secret = begun.body.secret as string
  const confirmed = await jar.ask(a, '/security/totp/confirm', { code: codeAt(secret, clock.now()) })
  assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body))
  const owner = { user, secret, recoveryCodes: confirmed.body.recoveryCodes as string[], jars: [jar] }
  while (owner.jars.length < BROWSERS) {
    await advance(world, 2 * STEP_MS)
    const next = await halfWay(a, user, new Jar())
    const { status, body } = await next.ask(a, '/security/two-factor', { code: codeAt(secret, clock.now()) })
    assert.equal(status, 200, JSON.stringify(body))
    await next.readToken(a, '/security/sessions')
    owner.jars.push(next)
  }
  return owner
}
