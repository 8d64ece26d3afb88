import type { Request } from 'express'
import type { FailedSignIn, SignIn } from '../src/features/sign-in/complete-sign-in.js'
import type { Wait } from '../src/features/throttle/throttle.js'
import { originOf, type ClientAddress } from './client-address.js'

interface Parts {
  signIn: SignIn
  addressOf: ClientAddress
  report: (error: unknown) => void
}

interface Refusal {
  reason: FailedSignIn
  userId: string | null
  /** The wait that begins with it. */
  wait: Wait | null
}

/** Writes refused sign-ins down, after the answer: what is written must not show in its time (invariant 5). */
export function refusedSignIns({ signIn, addressOf, report }: Parts) {
  return (req: Request, { reason, userId, wait }: Refusal) => {
    const from = originOf(req, addressOf)
    const writeDown = () => void signIn.failed(reason, userId, from, wait).catch(report)
    const { res } = req
    if (!res || res.closed || res.destroyed) writeDown()
    else res.once('close', writeDown)
  }
}
