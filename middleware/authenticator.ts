import type { Request } from 'express'
import type { Proven } from '../src/features/sign-in/complete-sign-in.js'
import type { Proofs } from '../src/features/sign-in/proofs.js'

/** A Passport strategy, as far as running it goes. */
export interface AnyStrategy {
  authenticate(req: Request, options?: unknown): void
}

/**
 * Asks a strategy as a Passport would. Not through one: it would put its own session manager on the request, in the place
 * of the host's. Null: refused.
 */
export function authenticator(strategy: AnyStrategy, proofs: Proofs): (req: Request) => Promise<Proven | null> {
  return (req) =>
    new Promise((resolve, reject) => {
      const attempt = Object.assign(Object.create(strategy) as AnyStrategy, {
        success: () => resolve(proofs.of(req)),
        fail: () => resolve(null),
        error: (error: unknown) =>
          reject(error instanceof Error ? error : new Error('sign-in failed', { cause: error })),
      })
      attempt.authenticate(req, {})
    })
}
