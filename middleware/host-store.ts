import type { Request } from 'express'
import { inTime } from '../src/core/in-time.js'

type Done = (error?: unknown) => void

/** A store that never calls back must keep nobody waiting for ever. */
const LONGEST_MS = 2_000

/** The part of an express-session store that is used here. */
export interface HostStore {
  destroy(sid: string, done?: Done): void
  /** Set by express-session: gives the request a new, empty session under a new id. Stores nothing. */
  generate(req: Request): void
  /** Gives the request a session of these data, under the id that it has. */
  createSession(req: Request, data: { cookie: object }): unknown
}

/** The store behind the host's `req.session`; null for a session without one (cookie-session). */
export function storeOf(req: Request): HostStore | null {
  const store = req.sessionStore as unknown as Partial<HostStore> | undefined
  return typeof store?.destroy === 'function' && typeof store.generate === 'function' ? (store as HostStore) : null
}

interface Parts {
  /** Ends in the registry the session that goes by an id. */
  ended: (sid: string) => Promise<void>
  report: (error: unknown) => void
}

/** Sees to it that a session which the host destroys has ended in the registry too, whoever calls the store. */
export class HostStores {
  readonly #originals = new WeakMap<HostStore, HostStore['destroy']>()
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  watch(store: HostStore): void {
    if (this.#originals.has(store)) return
    this.#originals.set(store, store.destroy.bind(store))
    store.destroy = (sid, done = () => {}) => {
      // both, whatever comes of the other: a store that fails must not keep a session alive that somebody has ended
      const works = [this.#parts.ended(sid), this.#destroy(store, sid)]
      void Promise.allSettled(works).then((all) => done(all.find((each) => each.status === 'rejected')?.reason))
    }
  }

  /** Removes data whose session has ended already, or goes on under another id: nobody has to wait for that. */
  drop(store: HostStore, sid: string): void {
    this.#destroy(store, sid).catch(this.#parts.report)
  }

  #destroy(store: HostStore, sid: string): Promise<void> {
    const destroy = this.#originals.get(store) ?? store.destroy.bind(store)
    const destroyed = new Promise<void>((resolve, reject) => {
      destroy(sid, (error) => (error ? reject(asError(error)) : resolve()))
    })
    return inTime(destroyed, LONGEST_MS)
  }
}

const asError = (error: unknown) =>
  error instanceof Error ? error : new Error('the session store failed', { cause: error })
