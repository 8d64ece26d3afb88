import { SecurityError } from '../../core/errors.js'
import type { Clock } from '../../core/clock.js'
import type { SessionRecord } from './session.js'

interface Stream {
  controller: AbortController
  /** When a limit may have passed; then the record is asked. */
  deadline: number
}

/** How often an open stream asks the record anew, whatever its limits say. */
const RECHECK_MS = 60_000

/** The abort signals that handlers on this process hold, by session. What ends a session ends them. */
export class OpenStreams {
  readonly #clock: Clock
  readonly #streams = new Map<string, Set<Stream>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * A signal that fires when the session ends; `close` forgets it. The handler may ask for it long after the session
   * was checked, and what ended in between was told to nobody: so the next beat asks the record.
   */
  open(record: SessionRecord): { signal: AbortSignal; close: () => void } {
    const stream: Stream = { controller: new AbortController(), deadline: -Infinity }
    const streams = this.#streams.get(record.publicId) ?? new Set()
    this.#streams.set(record.publicId, streams.add(stream))
    const close = () => {
      streams.delete(stream)
      if (streams.size === 0 && this.#streams.get(record.publicId) === streams) this.#streams.delete(record.publicId)
    }
    return { signal: stream.controller.signal, close }
  }

  end(publicIds: Iterable<string>, code: 'session_revoked' | 'session_expired' = 'session_revoked'): void {
    for (const id of publicIds) {
      const streams = this.#streams.get(id)
      this.#streams.delete(id)
      for (const { controller } of streams ?? []) controller.abort(new SecurityError(code))
    }
  }

  /** Asks the record about the streams that are due, or about all: after a gap in the broadcast nobody knows. */
  async recheck(alive: (publicId: string) => Promise<SessionRecord | null>, all = false): Promise<void> {
    const now = this.#clock.now()
    for (const [publicId, streams] of this.#streams) {
      if (!all && ![...streams].some((stream) => now >= stream.deadline)) continue
      const record = await alive(publicId)
      if (!record) this.end([publicId], 'session_expired')
      else for (const stream of streams) stream.deadline = this.#deadline(record)
    }
  }

  #deadline(record: SessionRecord): number {
    const idle = record.idleMs === null ? Infinity : record.lastActiveAt + record.idleMs
    return Math.min(record.expiresAt, idle, this.#clock.now() + RECHECK_MS)
  }
}
