import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startProcess, type HostProcess } from '../support/process.js'
import { freePort, startRedis, tempFolder } from '../support/services.js'
import { holdingsOf, keepCookie, members, type Holdings } from './holdings.js'
import type { JunkHostSettings } from './host-process.js'
import { junkRequest, type JunkRequest } from './requests.js'
import { routesOfRouter, type Route } from './routes.js'
import { sendBytes, type Answer } from './wire.js'

/** Another one may be given by hand: a failure names its seed and its request. */
export const SEED = Number(process.env.SEED ?? 20_261_121)
export const LIMIT_MS = 2_000

const PROGRAM = new URL('./host-process.js', import.meta.url)
const LANES = 8
/** So many failures say enough; the rest would only take long. */
const ENOUGH = 40
/** Sessions end by what the junk does; so often there are new ones. */
const BLOCK = 120
/** Honest people are served, if slowly. */
const PATIENCE_MS = 20_000
const INSIDE = /"dependencies"|root:x:0|node_modules|\bat \S+ \(file:|SQLITE|select .* from/i

/** As the README says; one whose own parsers come first; one on Redis. Who gets a request follows from its number. */
const KINDS = ['plain', 'messy', 'redis'] as const
type HostKind = (typeof KINDS)[number]

interface Orders {
  count: number
  seed: number
  /** Sends just the request of this number. */
  only?: number | undefined
}

/** What became of it; each failure says how to send its request again. */
export class Outcome {
  tried = 0
  whole = 0
  signIns = 0
  slowestMs = 0
  seconds = 0
  readonly statuses = new Map<number, number>()
  readonly broken = {
    statuses: [] as string[],
    silence: [] as string[],
    slow: [] as string[],
    leaks: [] as string[],
    errors: [] as string[],
    hosts: [] as string[],
  }

  get isHopeless(): boolean {
    return this.broken.hosts.length > 0 || Object.values(this.broken).flat().length >= ENOUGH
  }
}

/** Sends so many junk requests to three hosts in processes of their own, in turn. */
export async function sendJunk({ count, seed, only }: Orders): Promise<Outcome> {
  const outcome = new Outcome()
  const routes = await routesOfRouter()
  const hosts: Target[] = []
  const began = performance.now()
  try {
    for (const kind of KINDS) hosts.push(await Target.start(kind, routes, seed, outcome))
    let next = only ?? 0
    const end = only === undefined ? count : only + 1
    const lane = async () => {
      while (next < end && !outcome.isHopeless) {
        const index = (next += 1) - 1
        await hosts[index % hosts.length]!.send(index)
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    for (const host of hosts) await host.conclude()
  } finally {
    for (const host of hosts) await host.stop()
  }
  outcome.seconds = (performance.now() - began) / 1000
  return outcome
}

/** A host, and what its junk is made of. */
class Target {
  readonly #held = new Map<number, Promise<Holdings | null>>()

  private constructor(
    readonly kind: HostKind,
    readonly process: HostProcess,
    readonly stop: () => Promise<void>,
    readonly routes: readonly Route[],
    readonly seed: number,
    readonly outcome: Outcome,
  ) {}

  static async start(kind: HostKind, routes: readonly Route[], seed: number, outcome: Outcome): Promise<Target> {
    const [folder, redis] = [await tempFolder(), kind === 'redis' ? await startRedis() : null]
    const settings: JunkHostSettings = {
      port: await freePort(),
      kind: kind === 'redis' ? 'plain' : kind,
      database: `sqlite:${join(folder.path, 'security.db')}`,
      redis: redis?.url,
    }
    const host = await startProcess(PROGRAM, settings)
    const stop = async () => {
      await host.stop()
      await redis?.close()
      await folder.remove()
    }
    return new Target(kind, host, stop, routes, seed, outcome)
  }

  async send(index: number): Promise<void> {
    const { outcome } = this
    const held = await this.#holdings(Math.floor(index / BLOCK))
    if (!held) return
    const request = junkRequest(this.seed, index, this.routes, held)
    const failed = (why: string, answer?: Answer) => this.#describe(why, request, answer)
    const answer = await this.#try(request)
    outcome.tried += 1
    if (request.whole) outcome.whole += 1
    if (typeof answer === 'string') return void outcome.broken.silence.push(failed(answer))
    if (request.asMember) keepCookie(held, answer.text)
    const [status = 0] = answer.statuses.slice(-1)
    outcome.statuses.set(status, (outcome.statuses.get(status) ?? 0) + 1)
    outcome.slowestMs = Math.max(outcome.slowestMs, answer.ms)
    if (answer.statuses.some((each) => each >= 500)) outcome.broken.statuses.push(failed('5xx', answer))
    // 64 kB are all that a form may have; who sends more may find the connection reset before the answer is read
    if (request.whole && status === 0 && request.bytes.length < 65_536)
      outcome.broken.silence.push(failed('closed without an answer', answer))
    if (INSIDE.test(answer.text)) outcome.broken.leaks.push(failed('shows its inside', answer))
    if (answer.ms > LIMIT_MS) await this.#slow(request, answer)
  }

  /** A machine that was busy for a moment is no slow answer: it is one when the request is slow by itself. */
  async #slow(request: JunkRequest, answer: Answer): Promise<void> {
    const again = await this.#try(request)
    if (typeof again === 'string' || again.ms > LIMIT_MS)
      this.outcome.broken.slow.push(this.#describe(`${Math.round(answer.ms)} ms`, request, answer))
  }

  async conclude(): Promise<void> {
    await this.#holdings(-1)
    this.outcome.broken.errors.push(...this.process.errors.map((error) => `${this.kind} host: ${error}`))
  }

  /** What the sender holds for this block of requests; null when honest people cannot sign in any more. */
  #holdings(block: number): Promise<Holdings | null> {
    const known = this.#held.get(block) ?? this.#signIn(members.at(block % members.length)!)
    this.#held.set(block, known)
    return known
  }

  async #signIn(who: { id: string }): Promise<Holdings | null> {
    const { outcome, process, kind } = this
    outcome.signIns += 1
    try {
      return await within(PATIENCE_MS, holdingsOf(process.url, who))
    } catch (error) {
      outcome.broken.hosts.push(`${kind} host: ${String(error)}`)
      return null
    }
  }

  async #try(request: JunkRequest): Promise<Answer | string> {
    try {
      return await sendBytes(Number(new URL(this.process.url).port), request)
    } catch (error) {
      return String(error)
    }
  }

  #describe(why: string, request: JunkRequest, answer?: Answer): string {
    const sent = JSON.stringify(request.bytes.toString('latin1')).replaceAll(/(.)\1{50,}/g, '$1…$1')
    return [
      `${why}: ${request.about} (${this.kind} host)`,
      `  again: SEED=${this.seed} node dist/test/endurance/junk.js 1 --only ${request.index}`,
      `  sent: ${sent.slice(0, 1_500)}`,
      `  got: ${JSON.stringify(answer?.text.slice(0, 500) ?? null)}`,
    ].join('\n')
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const giveUp = new AbortController()
  const late = wait(ms, null, { signal: giveUp.signal }).then(() => {
    throw new Error(`not done within ${ms} ms`)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    giveUp.abort()
    late.catch(() => {}) // it was aborted, or has been thrown already
  }
}
