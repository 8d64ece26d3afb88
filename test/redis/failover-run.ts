import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { ask, signIn, type Session } from '../race/client.js'
import { startHosts } from '../race/start-hosts.js'
import { hotKeyOf, revoke } from './hosts.js'
import { until } from '../support/clock.js'
import { stopAll, type HostProcess } from '../support/process.js'
import { tempFolder } from '../support/services.js'
import type { Stage } from './failover-stages.js'

/** What came of one failover. */
export interface Failover {
  /** Revocations that were acknowledged. */
  acknowledged: number
  /** Acknowledged ones that were let in afterwards. */
  accepted: number
  /** Questions asked with revoked sessions. */
  asked: number
  /** Requests of somebody who was not revoked. */
  bystanding: number
  /** Those of them that were not let in. */
  refused: number
  /** Copies of revoked sessions on the node that took over, filled when they were alive. Without any, nothing is proven. */
  staleCopies: number
  /** How long after the new node served the first copy stood there under its own stamp, in milliseconds. */
  backAfterMs: number
  /** Errors that no request waited for which nobody expects of a Redis that goes away. */
  odd: string[]
  /** The slowest answer to a request that was not a change, in milliseconds. */
  slowestMs: number
}

/** A user has 50 sessions at most: so many are revoked, from one that stays. */
const PER_USER = 20
const AT_ONCE = 40
const LOOKERS = 3
/** When sessions are revoked: so many of all before the successor lags, while it lags, while nobody serves, and after. */
const SHARES = { before: 0.1, lagging: 0.5, falling: 0.25 }
/** What is in doubt settles in so long: the tail's bound, and the five seconds in which acknowledgements are slow. */
const AFTERMATH_MS = 6_500

interface Household {
  /** Stays signed in all the time. */
  bystander: Session
  victim: Session
}

/** Two processes under load; sessions are revoked before, while and after Redis loses its memory of them. */
export class FailoverRun {
  readonly #hosts: readonly HostProcess[]
  readonly #dead: Session[] = []
  readonly #outcome: Failover = {
    acknowledged: 0,
    accepted: 0,
    asked: 0,
    bystanding: 0,
    refused: 0,
    staleCopies: 0,
    backAfterMs: Infinity,
    odd: [],
    slowestMs: 0,
  }
  #over = false

  private constructor(hosts: readonly HostProcess[]) {
    this.#hosts = hosts
  }

  static async on(startStage: () => Promise<Stage>, count: number): Promise<Failover> {
    const [stage, folder] = [await startStage(), await tempFolder()]
    const hosts: HostProcess[] = []
    try {
      const database = `sqlite:${join(folder.path, 'security.db')}`
      hosts.push(...(await startHosts(2, { kind: 'sallyport', database, redis: stage.place })))
      return await new FailoverRun(hosts).#play(stage, count)
    } finally {
      await stopAll(hosts)
      await stage.close()
      await folder.remove()
    }
  }

  async #play(stage: Stage, count: number): Promise<Failover> {
    const households = await this.#signIn(count)
    const bystanders = [...new Set(households.map((each) => each.bystander))]
    const looking = this.#look(bystanders)
    try {
      const take = (share: number) => households.splice(0, Math.round(count * share))
      await this.#revoke(take(SHARES.before))
      await stage.lag()
      const lagging = take(SHARES.lagging)
      await this.#revoke(lagging)
      const falling = this.#revoke(take(SHARES.falling))
      let stamps = new Set<string>()
      const successor = await stage.fail(async (successor) => {
        const copies = await copiesOn(
          successor,
          lagging.map(({ victim }) => victim),
        )
        this.#outcome.staleCopies = copies.length
        stamps = new Set(copies)
      })
      this.#outcome.backAfterMs = await untilNewStamp(successor, bystanders, stamps)
      await falling
      await this.#revoke(households)
      await wait(AFTERMATH_MS)
    } finally {
      this.#over = true
      await looking
    }
    for (let i = 0; i < 2; i += 1) {
      await inParallel(this.#dead, (session) => this.#mustBeOut(session))
      await inParallel(bystanders, (session) => this.#mustBeIn(session))
    }
    this.#outcome.odd.push(...this.#hosts.flatMap((host) => host.errors.filter(isOdd)))
    return this.#outcome
  }

  /** Signs in, and looks from both processes, so that copies stand there. */
  async #signIn(count: number): Promise<Household[]> {
    const households: Household[] = []
    const users = Array.from({ length: Math.ceil(count / PER_USER) }, (_, i) => `lane${i}`)
    await inParallel(users, async (user) => {
      const bystander = await signIn(this.#host(), user)
      for (let i = 0; i < PER_USER; i += 1) households.push({ bystander, victim: await signIn(this.#host(), user) })
    })
    households.length = count
    const sessions = [...new Set(households.flatMap(({ bystander, victim }) => [bystander, victim]))]
    await inParallel(sessions, (session) => this.#mustBeIn(session))
    return households
  }

  /** Whoever is revoked is asked for at both processes as soon as that has been acknowledged. */
  #revoke(households: readonly Household[]): Promise<void> {
    return inParallel(households, async ({ bystander, victim }) => {
      const status = await revoke(this.#host(), bystander, victim)
      if (status === 200) {
        this.#outcome.acknowledged += 1
        await this.#mustBeOut(victim)
        this.#dead.push(victim)
      } else this.#outcome.odd.push(`a revocation was answered ${status}`)
    })
  }

  /** The load: those who are signed in, and those who were. */
  async #look(bystanders: readonly Session[]): Promise<void> {
    const looker = async () => {
      while (!this.#over) {
        await this.#mustBeIn(anyOf(bystanders)!)
        const dead = anyOf(this.#dead)
        if (dead) await this.#mustBeOut(dead)
      }
    }
    await Promise.all(Array.from({ length: LOOKERS }, looker))
  }

  async #mustBeOut({ cookie }: Session): Promise<void> {
    for (const host of this.#hosts) {
      this.#outcome.asked += 1
      const status = await this.#timed(host, cookie)
      if (status === 200) this.#outcome.accepted += 1
      else if (status !== 401) this.#outcome.odd.push(`a revoked session was answered ${status}`)
    }
  }

  async #mustBeIn({ cookie }: Session): Promise<void> {
    for (const host of this.#hosts) {
      this.#outcome.bystanding += 1
      if ((await this.#timed(host, cookie)) !== 200) this.#outcome.refused += 1
    }
  }

  async #timed(host: HostProcess, cookie: string): Promise<number> {
    const began = performance.now()
    const { status } = await ask(host, '/race/guarded', { cookie })
    this.#outcome.slowestMs = Math.max(this.#outcome.slowestMs, Math.round(performance.now() - began))
    return status
  }

  #host(): HostProcess {
    return anyOf(this.#hosts)!
  }
}

/** The stamps of the copies that a node has of these sessions; on a node of a Cluster, of those whose slots it has. */
async function copiesOn(successor: Redis, sessions: readonly Session[]): Promise<string[]> {
  await successor.readonly().catch(() => {}) // only a replica of a Cluster needs to be told
  const stamps: string[] = []
  for (const session of sessions) {
    const value = await successor.get(hotKeyOf(session)).catch(() => null)
    const stamp = /^c:([^:]+):/.exec(value ?? '')?.[1]
    if (stamp) stamps.push(stamp)
  }
  return stamps
}

async function untilNewStamp(successor: Redis, sessions: readonly Session[], old: ReadonlySet<string>) {
  const began = performance.now()
  const isBack = async () => (await copiesOn(successor, sessions)).some((stamp) => !old.has(stamp))
  return until('a copy under the stamp of the new node', isBack, 20_000).then(
    () => Math.round(performance.now() - began),
    () => Infinity,
  )
}

async function inParallel<T>(list: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const waiting = list.values()
  const worker = async () => {
    for (const each of waiting) await work(each)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

const anyOf = <T>(list: readonly T[]): T | undefined => list[Math.floor(Math.random() * list.length)]

/** What is said of a Redis that goes away and comes back is expected. */
const isOdd = (error: string): boolean => !error.includes('redis is unavailable')
