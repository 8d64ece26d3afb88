import type { Response } from 'express'

type End = (...args: unknown[]) => Response

/** Keeps an answer from ending before `work` is done: whoever reads it may rely on what it says. `work` never rejects. */
export function holdAnswer(res: Response, work: Promise<void>): void {
  const end = res.end.bind(res) as End
  let settled = false
  void work.then(() => (settled = true))
  res.end = ((...args: unknown[]) => {
    if (settled) return end(...args)
    void work.then(() => end(...args))
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
