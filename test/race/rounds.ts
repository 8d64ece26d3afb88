import assert from 'node:assert/strict'
import type { Redis } from 'ioredis'
import { sha256 } from '../../src/core/crypto.js'
import type { HostProcess } from '../support/process.js'
import { look, signIn, ask, type Session } from './client.js'
import type { Flight } from './flights.js'
import type { Kill, Killed } from './kills.js'
import type { Outcome } from './tally.js'

export interface World {
  a: HostProcess
  b: HostProcess
  redis: Redis | null
}

/** Rounds that follow one another, with a user of their own; lanes run side by side. */
export class Lane {
  #round = 0
  password = 'Cobalt-Brick-0-Turnstile!'

  constructor(readonly user: string) {}

  get email(): string {
    return `${this.user}@race.test`
  }

  /** What the request in flight writes; nobody may ever read it. */
  get note(): string {
    return `${this.user} round ${this.#round}`
  }

  get ticket(): string {
    return `${this.user}.${this.#round}`
  }

  next(): void {
    this.#round += 1
  }

  passwordForm(csrfToken: string) {
    const newPassword = `Cobalt-Brick-${this.password.split('-')[2] === '1' ? 2 : 1}-Turnstile!`
    return { currentPassword: this.password, newPassword, confirmPassword: newPassword, csrfToken }
  }
}

/** One session lives, a request of it is under way on A, the session is killed on B, the request ends. */
export async function round(world: World, lane: Lane, kill: Kill, flight: Flight): Promise<Outcome> {
  const { a } = world
  lane.next()
  const outcome: Outcome = { void: false, served: false, revived: false, shown: false, wronged: false }
  const opens = (cookie: string) => countOpen(world, cookie, lane, outcome)
  const victim = await begin(world, lane, flight)
  const held = flight.holds.map((point) => `${lane.ticket} ${point}`)
  const flying = flight.start(a, lane, victim, `${lane.ticket} ${flight.holds.join()}`)
  flying.catch(() => {}) // awaited below; a round that fails before that must not lose it
  await a.reached(held[0]!)
  const { done, by } = await strike(world, lane, kill, flight, victim)
  if (done) outcome.served = (await opens(victim.cookie)) > 0
  if (!flight.concurrent) a.open(held.at(-1)!)
  const answer = await flying
  if (!done) {
    // the rotation was first, so a sign-out with the old cookie was refused, and has promised nothing
    assert.ok(flight.concurrent && kill.name === 'sign out', `${kill.name} was refused`)
    return { ...outcome, void: true }
  }

  const mayOpen = flight.mayOpenAfter?.includes(kill.name) ?? false
  if (flight.isRefused) assert.deepEqual([answer.status >= 400, answer.cookie], [true, null], `${flight.name} was done`)
  outcome.revived = (await opens(victim.cookie)) > 0
  const given = answer.cookie ? await opens(answer.cookie) : 0
  if (given > 0 && !mayOpen) outcome.revived = true
  if (given < 2 && mayOpen) outcome.wronged = true
  if (by && (await opens(by.cookie)) < 2) outcome.wronged = true
  if (by?.deadCookie && (await opens(by.deadCookie)) > 0) outcome.revived = true
  return outcome
}

/** The kill, while the request stands at its last barrier; or just as it is let go there. */
async function strike({ a, b }: World, lane: Lane, kill: Kill, flight: Flight, victim: Session): Promise<Killed> {
  const [first, second] = flight.holds.map((point) => `${lane.ticket} ${point}`)
  if (!second) {
    const armed = await kill.arm(b, lane, victim)
    if (flight.concurrent) a.open(first!)
    return armed()
  }
  // a sign-out needs the old cookie, so it has to be under way before the rotation takes the cookie's power
  const signingOut = kill.name === 'sign out' ? (await kill.arm(b, lane, victim))(`${lane.ticket} kill`) : null
  if (signingOut) await b.reached(`${lane.ticket} kill`)
  a.open(first!)
  await a.reached(second)
  if (flight.newPassword) lane.password = lane.passwordForm('').newPassword
  if (!signingOut) return (await kill.arm(b, lane, victim))()
  b.open(`${lane.ticket} kill`)
  return signingOut
}

/** Signs in, writes a note, and sees that both processes let the session in and show the note: the killed must have lived. */
async function begin({ a, b, redis }: World, lane: Lane, flight: Flight): Promise<Session> {
  const victim = await signIn(b, lane.user)
  await ask(a, '/race/note', { cookie: victim.cookie, body: { note: `early ${lane.note}` } })
  for (const host of [a, b]) {
    const { isOut, notes } = await look(host, victim.cookie)
    assert.deepEqual([isOut, notes[1]], [false, `early ${lane.note}`])
  }
  if (flight.prepare === 'a minute later') await Promise.all([a.advance(61_000), b.advance(61_000)])
  if (flight.prepare === 'no hot copy') await redis?.del(`sallyport:{${sha256(sessionIdIn(victim.cookie))}}:hot`)
  return victim
}

/** The id in a cookie that express-session has signed: `name=s:<id>.<signature>`. */
export const sessionIdIn = (cookie: string): string =>
  decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1))
    .slice(2)
    .split('.')[0]!

/** On how many of the two processes a cookie opens anything. */
async function countOpen({ a, b }: World, cookie: string, lane: Lane, outcome: Outcome): Promise<number> {
  const seen = await Promise.all([look(a, cookie), look(b, cookie)])
  outcome.shown ||= seen.some(({ notes }) => notes.some((note) => String(note).includes(lane.note)))
  return seen.filter((each) => each.isIn).length
}
