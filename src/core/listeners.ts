import type { EventAction, SecurityEvent } from './events.js'

export type Listener<A extends EventAction> = (event: SecurityEvent<A>) => unknown

/** After-commit subscribers: called once, on the process where it happened. Their failure is theirs, never the request's. */
export class Listeners {
  readonly #byAction = new Map<EventAction, Set<Listener<never>>>()
  readonly #report: (error: unknown) => void

  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  on<A extends EventAction>(action: A, listener: Listener<A>): () => void {
    const set = this.#byAction.get(action) ?? new Set()
    set.add(listener)
    this.#byAction.set(action, set)
    return () => void set.delete(listener)
  }

  tell(event: SecurityEvent): void {
    for (const listener of this.#byAction.get(event.action) ?? []) {
      Promise.resolve()
        .then(() => (listener as Listener<EventAction>)(event))
        .catch(this.#report)
    }
  }
}
