import type { Response } from 'express'
import type { RenderPage, Views } from '../views/models.js'

interface HostPage {
  render: RenderPage<Response>
  name: keyof Views
  model: object
  sendOurs: () => void
  report: (error: unknown) => void
}

/**
 * Has a page rendered by the host's engine. Where that answers `false` or fails, ours is sent, so that nobody is kept
 * from what the page is for. Never rejects.
 */
export async function renderAtHost(res: Response, { render, name, model, sendOurs, report }: HostPage): Promise<void> {
  const { req } = res
  const { next } = req
  const send = () => {
    try {
      sendOurs()
    } catch (error) {
      next?.(error)
    }
  }
  const failed = (error: unknown) => {
    report(error)
    if (!res.headersSent) send()
    else if (!res.writableEnded) res.destroy() // as Express does: half a page must not look like a whole one
  }
  // where `res.render(name, model)` and `res.sendFile(path)` leave their errors, in Express 4 and 5
  req.next = (error?: unknown) => (error === undefined ? next?.() : failed(error))
  try {
    const ask = render as (res: Response, name: string, model: object) => unknown
    if ((await ask(res, name, model)) === false && !res.headersSent) send()
  } catch (error) {
    failed(error)
  }
}
