import type { Request } from 'express'
import type { SignIn } from '../src/features/sign-in/complete-sign-in.js'
import { originOf, type ClientAddress } from './client-address.js'

interface Parts {
  signIn: SignIn
  addressOf: ClientAddress
  report: (error: unknown) => void
}

/** Writes refused sign-ins down, after the answer: what is written must not show in its time (invariant 5). */
export function refusedSignIns({ signIn, addressOf, report }: Parts) {
  return (req: Request, { reason, userId }: { reason: 'invalid_credentials' | 'disabled'; userId: string | null }) => {
    const from = originOf(req, addressOf)
    const writeDown = () => void signIn.failed(reason, userId, from).catch(report)
    const { res } = req
    if (!res || res.closed || res.destroyed) writeDown()
    else res.once('close', writeDown)
  }
}
