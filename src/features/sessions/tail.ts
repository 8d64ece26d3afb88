import type { Clock } from '../../core/clock.js'
import { bury } from './bury.js'
import { TAIL_BOUND_MS, type DeathMemory, type SessionCore } from './core.js'
import type { TailedId } from './records.js'

/** Longer than our longest transaction: rows commit out of the order of their numbers, so the tail reads that far back. */
const WINDOW_MS = 10_000
const PAGE = 1_000
const SWEEP_AFTER_MS = 1_000

/** Step 8: what this process has seen die. */
export class Tail implements DeathMemory {
  readonly #clock: Clock
  readonly #remembered = new Map<string, number>()
  /** Seen dead, and not known to be buried: this process believes no copy of theirs either, and goes on burying. */
  readonly #unburied = new Map<string, number>()
  #marks: { at: number; seq: number }[] = []
  #completeSince = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  isFresh(): boolean {
    return this.#clock.monotonic() - this.#completeSince <= TAIL_BOUND_MS
  }

  remembers(idHash: string): boolean {
    return this.#remembered.has(idHash) || this.#unburied.has(idHash)
  }

  /**
   * Reads what died, buries it, then remembers it until the session's absolute limit. Returns what is new, also when
   * it could not be buried: streams end all the same. A process that has just started buries only what nobody has: for
   * the rest its memory is enough, since a check that finds an id in it goes to the row, and a refusal that the row
   * decides writes the tombstone first.
   */
  async read(core: SessionCore): Promise<TailedId[]> {
    const began = this.#clock.monotonic()
    const first = this.#completeSince === -Infinity
    const settled = this.#clock.now() - WINDOW_MS
    const fresh: TailedId[] = []
    let buried = true
    let seq = this.#lowWater(began)
    for (;;) {
      const page = await core.records.deadAfter(seq, PAGE)
      const unseen = page.filter((row) => !this.#remembered.has(row.idHash))
      buried = (await bury(core, first ? unseen.filter((row) => row.buried === 0) : unseen)) && buried
      fresh.push(...unseen)
      seq = page.at(-1)?.seq ?? seq
      const old = page.findLast((row) => row.diedAt < settled)
      if (first && old) this.#marks = [{ at: began - WINDOW_MS, seq: old.seq }]
      if (page.length < PAGE) break
      await new Promise((next) => setImmediate(next)) // a long list must not hold the process up
    }
    for (const row of fresh) this.#unburied.set(row.idHash, row.until)
    if (!buried) return fresh
    for (const [idHash, until] of this.#unburied) this.#remembered.set(idHash, until)
    this.#unburied.clear()
    this.#marks.push({ at: began, seq })
    this.#completeSince = began
    return fresh
  }

  /** The highest number seen at least a window ago: nothing below it can still be about to commit. */
  #lowWater(now: number): number {
    const old = this.#marks.filter((mark) => mark.at <= now - WINDOW_MS)
    const low = old.at(-1)
    if (low) this.#marks = this.#marks.filter((mark) => mark.at >= low.at)
    return low?.seq ?? 0
  }

  /** Forgets ids whose sessions could no longer live anyway. */
  forgetOld(): void {
    const now = this.#clock.now()
    for (const memory of [this.#remembered, this.#unburied])
      for (const [idHash, until] of memory) if (until < now) memory.delete(idHash)
  }
}

/** Step 8: any process buries what has been dead, but not buried, for over a second. Whoever killed it may have crashed. */
export async function sweep(core: SessionCore): Promise<void> {
  await bury(core, await core.records.unburied(core.clock.now() - SWEEP_AFTER_MS))
}
