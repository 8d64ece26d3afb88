import type { Proven } from './complete-sign-in.js'

/**
 * What a strategy has proven on a request, kept beside it until that request signs somebody in, be it by the host's own
 * `req.logIn`. The epoch is the one the credential was verified under: one that is read later would vouch for a
 * password that has been changed meanwhile (invariant 1).
 */
export class Proofs {
  readonly #proven = new WeakMap<object, Proven>()

  remember(req: object, proven: Proven): void {
    this.#proven.set(req, proven)
  }

  /** What was proven on this request, of this user where one is named; null when nothing was, or of somebody else. */
  of(req: object, userId?: string): Proven | null {
    const proven = this.#proven.get(req)
    return proven && (userId === undefined || proven.user.id === userId) ? proven : null
  }
}
