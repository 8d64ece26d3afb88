import type { SessionCore } from './core.js'
import type { SessionRecord } from './session.js'

const LEAST_MS = 60_000

/** Writes when a session was last used, at most once a minute and outside the copy. Its failure never fails a request. */
export class LastActive {
  readonly #core: SessionCore
  readonly #written = new Map<string, number>()

  constructor(core: SessionCore) {
    this.#core = core
  }

  note(record: SessionRecord, ip: string | null): void {
    const now = this.#core.clock.now()
    const last = Math.max(this.#written.get(record.publicId) ?? 0, record.lastActiveAt)
    if (now - last < LEAST_MS) return
    this.#written.set(record.publicId, now)
    this.#core.records.touch(record.publicId, ip, LEAST_MS).catch(this.#core.report)
  }

  forgetOld(): void {
    const now = this.#core.clock.now()
    for (const [id, at] of this.#written) if (now - at >= LEAST_MS) this.#written.delete(id)
  }
}
