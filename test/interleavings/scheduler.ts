/** A seeded generator of numbers (mulberry32): the same seed gives the same schedule on every machine. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

interface Waiting {
  label: string
  ready: () => boolean
  resume: () => void
}

/** One operation under way. It stops at its gates (several when it does things side by side) until it is let on, or never: then it has crashed. */
class Actor {
  waiting: Waiting[] = []
  finished = false
  /** How many more gates it survives. */
  fuel = Infinity
  failure: unknown = null

  constructor(
    readonly name: string,
    public priority: number,
  ) {}
}

/** Runs actors one step at a time, in an order drawn from a seed. Between two steps of one, anything may happen. */
export class Scheduler {
  readonly trace: string[] = []
  readonly #random: (below: number) => number
  readonly #actors: Actor[] = []
  #running: Actor | null = null
  /** Half of the schedules let one actor run far and then hold it for long (PCT: random priorities, few changes). */
  readonly #byPriority: boolean

  constructor(random: (below: number) => number) {
    this.#random = random
    this.#byPriority = random(2) === 0
  }

  say(text: string): void {
    this.trace.push(`${this.#running ? `${this.#running.name.padEnd(10)} ` : '  '}${text}`)
  }

  /** The name of the actor whose step this is. */
  get running(): string {
    return this.#running?.name ?? ''
  }

  /** A yield point: whatever the actor does next happens when, and if, the scheduler says so. */
  gate(label: string, ready: () => boolean = () => true): Promise<void> {
    const actor = this.#running
    if (!actor) return Promise.resolve()
    return new Promise((resume) => {
      actor.waiting.push({ label, ready, resume })
    })
  }

  start(name: string, fuel: number, work: () => Promise<void>): void {
    const actor = new Actor(name, this.#random(1_000))
    actor.fuel = fuel
    this.#actors.push(actor)
    const resume = () => {
      work()
        .catch((error: unknown) => void (actor.failure = error))
        .finally(() => void (actor.finished = true))
    }
    actor.waiting.push({ label: 'starts', ready: () => true, resume })
  }

  /** Steps until nobody can go on. `world` may change the surroundings between two steps, or move time when all wait for it. */
  async run(world: { disturb: () => void; moveTime: () => void }): Promise<void> {
    for (let steps = 0; steps < 2_000; steps += 1) {
      if (this.#random(4) === 0) world.disturb()
      const left = this.#actors.filter((actor) => !actor.finished && actor.waiting.length > 0)
      if (left.length === 0) return
      const able = left.filter((actor) => actor.waiting.some((each) => each.ready()))
      if (able.length === 0) world.moveTime()
      else await this.#step(this.#choose(able))
    }
    throw new Error('the schedule does not end')
  }

  #choose(able: Actor[]): Actor {
    if (!this.#byPriority) return able[this.#random(able.length)]!
    const [first] = able.toSorted((a, b) => b.priority - a.priority)
    if (this.#random(8) === 0) first!.priority -= 1_000
    return first!
  }

  async #step(actor: Actor): Promise<void> {
    const able = actor.waiting.filter((each) => each.ready())
    const next = able[this.#random(able.length)]!
    actor.waiting = actor.waiting.filter((each) => each !== next)
    if (actor.fuel-- <= 0) {
      actor.finished = true
      this.trace.push(`${actor.name.padEnd(10)} CRASHES before ${next.label}`)
      return
    }
    this.#running = actor
    this.say(next.label)
    next.resume()
    // SQLite answers at once and Redis is a model, so a step is over when all that it promised has been kept
    await new Promise((over) => setImmediate(over))
    this.#running = null
    if (actor.failure) throw actor.failure
  }
}
