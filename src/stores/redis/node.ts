import { once } from 'node:events'
import { StoreUnavailable } from '../../core/errors.js'
import { NodeBreaker } from './node-breaker.js'
import type { LinkParts, Reply } from './link.js'
import type { NodeClient } from './node-client.js'
import { evictionProblem, factsIn, type NodeFacts } from './node-facts.js'
import { isAnswer, plainError, redisUnavailable } from './plain-error.js'

/** A node that has not said for so many beats who it is hangs, or is cut off from us: the connection is given up. */
const SILENT_BEATS = 3
const END_RETRY_MS = 500

/** Answers which say that somebody else may serve by now. */
const DOUBTS = /^(READONLY|MOVED|ASK|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|LOADING)\b/

interface NodeParts extends LinkParts {
  /** Called when this may not be the node to ask any more: its connection has closed, it is no master, or it says so. */
  onDoubt: () => void
}

/**
 * Our own connection to one Redis node: 500 ms deadline, circuit breaker, nothing queued, nothing re-sent, and an
 * identity (run id and replication id) confirmed on each new connection before its answers count (step 3, the fence).
 */
export class RedisNode {
  readonly client: NodeClient
  readonly #parts: NodeParts
  readonly #breaker: NodeBreaker
  /** Counts the connections, so that an answer is never taken for one of another. */
  #connection = 0
  #identity: string | null = null
  #lastIdentity: string | null = null
  #changedAt = -Infinity
  #facts: NodeFacts | null = null
  #asking: { connection: number; done: Promise<void> } | null = null
  #silentBeats = 0
  #opened = false
  #closed = false

  constructor(client: NodeClient, parts: NodeParts) {
    this.client = client
    this.#parts = parts
    this.#breaker = new NodeBreaker(parts.clock)
    client.on('ready', () => {
      this.#breaker.close() // it has just answered
      this.identify().catch(parts.report)
    })
    client.on('close', () => {
      this.#connection += 1
      this.#identity = null
      if (!this.#closed) parts.onDoubt()
    })
    // ioredis gives up when a connection is cut while it asks the sentinels
    client.on('end', () => void setTimeout(() => this.#connect(), END_RETRY_MS).unref())
    client.on('error', (error) => parts.report(redisUnavailable(error)))
  }

  /**
   * Connects for the first time. Throws what ioredis says when that fails or takes longer than `ms`; it goes on trying
   * all the same.
   */
  async open(ms: number): Promise<NodeFacts> {
    const ready = once(this.client, 'ready', { signal: AbortSignal.timeout(ms) })
    this.#connect()
    try {
      await ready
      await this.identify()
    } catch (error) {
      const isLate = error instanceof Error && error.name === 'AbortError'
      throw isLate
        ? new Error(`no answer in ${ms / 1000} s`)
        : plainError(error instanceof StoreUnavailable ? error.cause : error)
    } finally {
      this.#opened = true
    }
    return this.#facts!
  }

  get name(): string {
    const { host = 'localhost', port = 6379, sentinels, name } = this.client.options
    return sentinels ? `"${name}" of the sentinels` : `${host}:${port}`
  }

  /** True while the connection is there and has said who it is. */
  get isConfirmed(): boolean {
    return this.#identity !== null
  }

  async send<T>(command: (client: NodeClient) => Promise<T>): Promise<Reply<T>> {
    const connection = this.#connection
    try {
      const value = await this.#breaker.run(() => command(this.client))
      return { value, identity: connection === this.#connection ? this.#identity : null }
    } catch (cause) {
      if (isAnswer(cause) && DOUBTS.test(cause.message)) this.#parts.onDoubt()
      throw redisUnavailable(cause)
    }
  }

  /** Asks the node who it is. One question at a time on a connection. */
  identify(): Promise<void> {
    if (this.#asking?.connection !== this.#connection) {
      const asking = { connection: this.#connection, done: this.#ask() }
      const forget = () => void (this.#asking === asking && (this.#asking = null))
      this.#asking = asking
      asking.done.then(forget, forget)
    }
    return this.#asking.done
  }

  get identityAgeMs(): number {
    return this.#identity === null ? 0 : this.#parts.clock.monotonic() - this.#changedAt
  }

  close(): void {
    this.#closed = true
    this.client.disconnect()
  }

  /** Not through the breaker, which would refuse the very question that a new connection begins with. */
  async #ask(): Promise<void> {
    const connection = this.#connection
    let info
    try {
      info = await this.client.info()
    } catch (cause) {
      if (this.#closed) return
      if (connection === this.#connection) this.#notAnswered()
      throw redisUnavailable(cause)
    }
    if (connection !== this.#connection) return
    this.#silentBeats = 0
    this.#take(factsIn(info))
  }

  #take(facts: NodeFacts): void {
    if (facts.identity !== this.#lastIdentity || this.#identity === null)
      this.#changedAt = this.#parts.clock.monotonic()
    this.#lastIdentity = facts.identity
    this.#identity = facts.identity
    const isNews = this.#opened && this.#facts?.evictionPolicy !== facts.evictionPolicy
    const problem = isNews ? evictionProblem(facts, this.name) : null
    if (problem) this.#parts.report(problem)
    this.#facts = facts
    if (facts.isMaster) return
    if (this.client.options.sentinels) this.#giveUp() // they know who is the master now
    this.#parts.onDoubt()
  }

  #notAnswered(): void {
    if (this.client.status !== 'ready') return
    this.#silentBeats += 1
    if (this.#silentBeats >= SILENT_BEATS) this.#giveUp()
  }

  /** Ends this connection; ioredis makes a new one, and with sentinels asks them where. */
  #giveUp(): void {
    this.#identity = null
    this.#silentBeats = 0
    if (this.client.status === 'ready') this.client.disconnect(true)
  }

  #connect(): void {
    // what it fails with comes as the event "error" too
    if (!this.#closed) this.client.connect().catch(() => {})
  }
}
