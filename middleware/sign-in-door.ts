import { AsyncResource } from 'node:async_hooks'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { Clock } from '../src/core/clock.js'
import type { HashingLane } from '../src/features/passwords/hashing-lane.js'
import { pageHeaders } from './headers.js'
import { wantsHtml } from './negotiate.js'
import { sendProblem, type Pages } from './pages.js'

interface Parts {
  lane: HashingLane
  pages: Pages
  secure: boolean
  clock: Clock
  report: (error: unknown) => void
}

/** So long one turn of the event loop may go on refusing, before others are served. */
const TURN_MS = 0.3

/**
 * Stands before everything else that a sign-in passes. When a crowd arrives in the same moment, one of them is let in
 * per turn of the event loop, so that other requests are served in between; and while the hashing lane is full, they
 * are refused here, before they cost a session, a body or a query. It keeps no place for anybody: the lane does.
 */
export function signInDoor(parts: Parts): RequestHandler {
  const { lane, clock } = parts
  const refuse = refusal(parts)
  /** Each says whether it was let in. */
  const waiting: (() => boolean)[] = []

  function turn(): void {
    const end = clock.monotonic() + TURN_MS
    while (waiting.length > 0) if (waiting.shift()!() || clock.monotonic() >= end) break
    if (waiting.length > 0) setImmediate(turn)
  }

  return function signInDoor(req, res, next) {
    const decide = () => {
      const isFree = lane.hasRoom
      if (isFree) next()
      else refuse(req, res, next)
      return isFree
    }
    // bound to this request: what the host keeps in an AsyncLocalStorage must not be that of another one
    if (waiting.push(AsyncResource.bind(decide)) === 1) setImmediate(turn)
  }
}

/** The answer to whoever finds no room. It is the same for everybody who reads a language, so it is made once, and so are its headers. */
function refusal({ lane, pages, secure, report }: Parts) {
  const error = lane.refusal()
  const headers = { ...headersOf(pageHeaders({ secure })), ...error.headers }
  const pageOf = new Map<string, Buffer>()

  const makePage = (language: string) =>
    Buffer.from(
      pages.forAnybody(
        'error',
        {
          status: error.status,
          title: 'page.busy.title',
          text: 'page.busy.text',
          wait: Number(error.extra.retryAfter),
          again: `${pages.base}/sign-in`,
        },
        language,
      ),
    )
  const sendPage = (req: Request, res: Response) => {
    const language = pages.languageOf(req)
    const page = pageOf.get(language) ?? makePage(language)
    pageOf.set(language, page)
    const about = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': page.length }
    res.removeHeader('X-Powered-By')
    res.writeHead(error.status, { ...headers, ...about, Vary: 'Accept, Accept-Language' }).end(page)
  }
  return (req: Request, res: Response, next: NextFunction) => {
    report(error.cause)
    try {
      if (wantsHtml(req)) sendPage(req, res)
      else sendProblem(res.set(headers), error)
    } catch (failure) {
      next(failure) // nobody else would catch it here
    }
  }
}

/** What a middleware that sets headers would set, to be set without running it. */
function headersOf(middleware: RequestHandler): Record<string, string> {
  const headers: Record<string, string> = {}
  const recorder = { setHeader: (name: string, value: string) => void (headers[name] = value), removeHeader: () => {} }
  void middleware({} as Request, recorder as unknown as Response, () => {})
  return headers
}
