import type { HotKeys } from '../../src/stores/redis/hot-keys.js'
import type { Reply } from '../../src/stores/redis/link.js'
import { lease } from '../../src/features/sessions/hot-value.js'
import type { Rule } from './rules.js'
import type { Scheduler } from './scheduler.js'

/** One Redis node: what it holds, and who it is. */
class Node {
  keys = new Map<string, string>()
  constructor(public identity: number) {}
}

/** The Redis of a schedule: one node that may lose or regain its past, or two that serve at once. */
export class RedisModel {
  readonly #nodes = [new Node(1), new Node(2)]
  /** Which node each process talks to. */
  readonly at = [0, 0]
  readonly #known = ['i1', 'i1']
  readonly #changedAt = [-Infinity, -Infinity]
  /** Processes that cannot reach Redis now. */
  readonly down = [false, false]
  #snapshot: Map<string, string> | null = null

  constructor(
    readonly scheduler: Scheduler,
    readonly now: () => number,
    readonly broken: Rule | null,
  ) {}

  /** The four commands as one process sees them. Each is atomic, behind a gate; a new identity is noticed with the reply. */
  process(p: 0 | 1): HotKeys {
    const act = async <T>(label: string, work: (keys: Map<string, string>) => T): Promise<Reply<T>> => {
      await this.scheduler.gate(label)
      if (this.down[p]) throw new Error('redis cannot be reached')
      const node = this.#nodes[this.at[p]!]!
      const identity = `i${node.identity}`
      if (identity !== this.#known[p]) {
        this.#known[p] = identity
        this.#changedAt[p] = this.now()
      }
      return { value: work(node.keys), identity }
    }
    const replaced = new Map<string, string | null>() // for the broken rule "lease"
    const age = () => this.now() - this.#changedAt[p]!
    return {
      get identityAgeMs() {
        return age()
      },
      read: async (id) => {
        const reply = await act(`GET ${id}`, (keys) => keys.get(id) ?? null)
        this.scheduler.say(`  = ${short(reply.value)}`)
        if (this.broken === 'fence') return { ...reply, identity: stampOf(reply.value) ?? reply.identity }
        return reply
      },
      compareAndSet: async (id, expected, next) => {
        const isLease = next.startsWith(lease(''))
        return act(`CAS ${id} ${short(expected)} -> ${short(next)}`, (keys) => {
          const current = keys.get(id) ?? null
          if (this.broken === 'lease' && isLease) return (replaced.set(next, expected), true)
          const wanted = this.broken === 'lease' ? (replaced.get(expected!) ?? null) : expected
          if (current !== wanted) return false
          keys.set(id, this.broken === 'stamp early' ? restamp(next, this.#known[p]!) : next)
          return true
        })
      },
      put: async (id, value) => {
        if (this.broken === 'refusal writes tombstone' && this.scheduler.running.startsWith('check'))
          return { value: undefined, identity: null }
        return act(`SET ${id} ${short(value)}`, (keys) => void keys.set(id, value))
      },
      remove: async (id) => act(`DEL ${id}`, (keys) => void keys.delete(id)),
    }
  }

  flush(): void {
    this.scheduler.trace.push('  FLUSHALL')
    this.#nodes[0]!.keys.clear()
  }

  save(): void {
    this.scheduler.trace.push('  SAVE')
    this.#snapshot = new Map(this.#nodes[0]!.keys)
  }

  /** The node comes back as it was when it was saved, as somebody new. */
  restore(): void {
    if (!this.#snapshot) return
    this.scheduler.trace.push('  RESTART ON THE OLD DUMP')
    this.#nodes[0]!.keys = new Map(this.#snapshot)
    this.#nodes[0]!.identity += 10
  }

  /** A lagging replica is promoted, and the old node goes on serving those who have not noticed. */
  split(): void {
    if (!this.#snapshot) return
    this.scheduler.trace.push('  REPLICA PROMOTED, OLD NODE STILL SERVES')
    this.#nodes[1]!.keys = new Map(this.#snapshot)
  }

  moveProcess(p: 0 | 1): void {
    this.scheduler.trace.push(`  process ${p} moves to the new node`)
    this.at[p] = 1
  }

  /** A tombstone or a lease runs out. */
  expire(id: string): void {
    const { keys } = this.#nodes[0]!
    if (keys.get(id)?.startsWith('c:')) return
    if (keys.delete(id)) this.scheduler.trace.push(`  EXPIRE ${id}`)
  }

  holdsLease(): boolean {
    return [...this.#nodes[0]!.keys.values()].some((value) => value.startsWith(lease('')))
  }

  value(id: string): string | undefined {
    return this.#nodes[0]!.keys.get(id)
  }

  set(id: string, value: string): void {
    this.#nodes[0]!.keys.set(id, value)
  }
}

const stampOf = (value: string | null) => /^c:([^:]*):/.exec(value ?? '')?.[1]
const restamp = (value: string, identity: string) => value.replace(/^c:[^:]*:/, `c:${identity}:`)
const short = (value: string | null) => (value === null ? 'nothing' : value.replace(/:\{.*/s, ''))
