import type { SessionCore } from './core.js'
import type { LastActive } from './last-active.js'
import type { OpenStreams } from './open-streams.js'
import { sweep, type Tail } from './tail.js'

/** Half the tail's bound, so that a beat may be late once before copies are doubted. */
const BEAT_MS = 500
const EVERY_MINUTE = 120
const EVERY_HOUR = 7200

interface Beating {
  core: SessionCore
  tail: Tail
  streams: OpenStreams
  lastActive: LastActive
  /** Asks Redis who it is; a change of role on a live connection shows here. */
  identify: () => Promise<void>
}

/** What every process does twice a second: identity, tail, streams, sweep. A beat that fails is reported once, and tried again. */
export class Heartbeat {
  readonly #parts: Beating
  #timer: NodeJS.Timeout | undefined
  #beats = 0
  #failing = false
  #stopped = false

  constructor(parts: Beating) {
    this.#parts = parts
  }

  /** The first beat has ended when this resolves, so that copies are believed from the first request on. */
  async start(): Promise<void> {
    await this.beat()
  }

  async beat(): Promise<void> {
    const { core, tail, streams, lastActive, identify } = this.#parts
    try {
      identify().catch(core.report) // beside the tail, which a node that does not answer must not make late
      const died = await tail.read(core)
      streams.end(died.filter((each) => each.reason !== 'rotated').map((each) => each.publicId))
      await streams.recheck((publicId) => core.records.alive(publicId))
      if (core.hot && this.#beats % 2 === 0) await sweep(core)
      if (this.#beats % EVERY_MINUTE === 0) await this.#everyMinute(lastActive)
      if (this.#beats % EVERY_HOUR === EVERY_MINUTE) await core.records.prune()
      this.#failing = false
    } catch (error) {
      if (!this.#failing) core.report(error)
      this.#failing = true
    }
    this.#beats += 1
    if (!this.#stopped) this.#timer = setTimeout(() => void this.beat(), BEAT_MS).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  async #everyMinute(lastActive: LastActive): Promise<void> {
    const { core } = this.#parts
    if (core.hot) await core.records.tellRedisIsUsed()
    this.#parts.tail.forgetOld()
    lastActive.forgetOld()
  }
}
