import type { Request } from 'express'

type Done = (error?: unknown) => void

/** The part of an express-session store that is used here. */
export interface HostStore {
  destroy(sid: string, done?: Done): void
  /** Set by express-session: gives the request a new, empty session under a new id. Stores nothing. */
  generate(req: Request): void
}

/** The store behind the host's `req.session`; null for a session without one (cookie-session). */
export function storeOf(req: Request): HostStore | null {
  const store = req.sessionStore as unknown as Partial<HostStore> | undefined
  return typeof store?.destroy === 'function' && typeof store.generate === 'function' ? (store as HostStore) : null
}

/** Sees to it that a session which the host destroys has ended in the registry too, whoever calls the store. */
export class HostStores {
  readonly #originals = new WeakMap<HostStore, HostStore['destroy']>()
  readonly #ended: (sid: string) => Promise<void>

  constructor(ended: (sid: string) => Promise<void>) {
    this.#ended = ended
  }

  watch(store: HostStore): void {
    if (this.#originals.has(store)) return
    const destroy = store.destroy.bind(store)
    this.#originals.set(store, destroy)
    store.destroy = (sid, done = () => {}) => {
      destroy(sid, (error) => {
        if (error) return done(error)
        this.#ended(sid).then(() => done(), done)
      })
    }
  }

  /** Removes data whose session has ended already, or goes on under another id. */
  drop(store: HostStore, sid: string): Promise<void> {
    const destroy = this.#originals.get(store) ?? store.destroy.bind(store)
    return new Promise((resolve, reject) => {
      destroy(sid, (error) => (error ? reject(asError(error)) : resolve()))
    })
  }
}

const asError = (error: unknown) =>
  error instanceof Error ? error : new Error('the session store failed', { cause: error })
