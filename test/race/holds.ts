import { SessionRecords } from '../../src/features/sessions/records.js'
import { Sessions } from '../../src/features/sessions/sessions.js'
import { SignIn } from '../../src/features/sign-in/complete-sign-in.js'
import { barrier, noteCall, type Point } from './barriers.js'

interface Around {
  before?: Point
  after?: Point
}

type Method<T, A extends unknown[], R> = (this: T, ...args: A) => Promise<R>

/** A method with a barrier before and after it; what it does, and how it fails, stays the same. */
function around<T, A extends unknown[], R>(method: Method<T, A, R>, { before, after }: Around): Method<T, A, R> {
  async function held(this: T, ...args: A): Promise<R> {
    if (before) await barrier(before)
    const result = await method.apply(this, args)
    if (after) await barrier(after)
    return result
  }
  return function (this: T, ...args: A): Promise<R> {
    const call = held.apply(this, args)
    noteCall(call)
    return call
  }
}

/**
 * Barriers at the seams of the real code. None is inside a transaction: SQLite has one writer, and a kill would wait
 * for the very request that waits for the kill.
 */
export function holdInside(): void {
  /* oxlint-disable typescript/unbound-method -- around() hands its own `this` on */
  const [signIn, sessions, records] = [SignIn.prototype, Sessions.prototype, SessionRecords.prototype]
  signIn.complete = around(signIn.complete, { before: 'sign-in verified', after: 'sign-in registered' })
  sessions.renew = around(sessions.renew, { before: 'rotation begins', after: 'rotation committed' })
  sessions.changeCredential = around(sessions.changeCredential, { before: 'change begins', after: 'change committed' })
  sessions.revoke = around(sessions.revoke, { before: 'kill' })
  records.touch = around(records.touch, { before: 'last active' })
  records.find = around(records.find, { after: 'row read' })
}
