import type { Request, RequestHandler, Response } from 'express'
import type { User } from '../src/core/users.js'
import type { SessionRecord } from '../src/features/sessions/session.js'
import type { Register } from '../src/features/sign-in/complete-sign-in.js'

/** Options of `req.logIn` that are the host's business (`keepSessionInfo`, and what its strategies add). */
export type LogInOptions = Record<string, unknown>

/** What a browser's session travels in: a cookie of ours, or the host's own express-session. */
export interface SessionCarrier {
  /** Loads the session and asks the registry about it. */
  readonly middleware: RequestHandler
  /** Refuses, before anything is registered, a request whose answer cannot carry a new session any more. */
  assertCanSend(req: Request): void
  /** Gives the browser a new id, registers it, and makes the request that user's. Undoes all of it when that fails. */
  begin(req: Request, user: User, register: Register, options: LogInOptions): Promise<Carried>
  /** A new id for the session that the request has; `move` puts the request under it once it is registered. */
  renewal(req: Request): { idHash: string; move: (record: SessionRecord) => void }
  /** Forgets the session at the browser; the registry has ended it. */
  end(req: Request, res: Response): Promise<void>
}

export interface Carried {
  idHash: string
  record: SessionRecord
}
