import type { Response } from 'express'
import { inTime } from '../src/core/in-time.js'

type End = (...args: unknown[]) => Response

/** Longer than any store may take; a host's own code that never calls back must not keep an answer for ever. */
const LONGEST_MS = 10_000

/** Keeps an answer from ending before `work` has come to an end, whichever: whoever reads it may rely on what it says. */
export function holdAnswer(res: Response, work: Promise<unknown>, report: (error: unknown) => void): void {
  const end = res.end.bind(res) as End
  let settled = false
  const settle = () => void (settled = true)
  const over = inTime(work, LONGEST_MS).then(settle, settle)
  res.end = ((...args: unknown[]) => {
    if (settled) return end(...args)
    over
      .then(() => end(...args))
      .catch((error: unknown) => {
        report(error) // lost in a promise, it would end the process
        res.destroy()
      })
    return res
  }) as Response['end']
}

/** Runs `work` once, just before the answer's headers are fixed and the session is saved. */
export function beforeAnswer(res: Response, work: () => void): void {
  let done = false
  const once = (next: (...args: unknown[]) => Response) =>
    ((...args: unknown[]) => {
      if (!done) {
        done = true
        work()
      }
      return next(...args)
    }) as never
  res.writeHead = once(res.writeHead.bind(res) as (...args: unknown[]) => Response)
  res.end = once(res.end.bind(res) as End)
}
