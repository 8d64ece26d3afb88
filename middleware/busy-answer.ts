import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Request, RequestHandler, Response } from 'express'
import type { HashingLane } from '../src/features/passwords/hashing-lane.js'
import { pageHeaders } from './headers.js'
import { wantsHtml, type Asked } from './negotiate.js'
import { problemOf, PROBLEM_TYPE, type Pages } from './pages.js'

interface Parts {
  lane: HashingLane
  pages: Pages
  secure: boolean
  report: (error: unknown) => void
}

interface Prepared {
  headers: OutgoingHttpHeaders
  body: Buffer
}

/**
 * The answer to whoever finds no room in the lane. It is the same for everybody who reads a language, so it is made once,
 * headers and all, and it is written by means of Node alone: the same bytes before Express and inside.
 */
export function busyAnswer({ lane, pages, secure, report }: Parts) {
  const error = lane.refusal()
  const always = { ...headersOf(pageHeaders({ secure })), ...error.headers }
  const prepare = (text: string, type: string, more = {}): Prepared => {
    const body = Buffer.from(text)
    return { body, headers: { ...always, 'Content-Type': type, 'Content-Length': body.length, ...more } }
  }
  const problem = prepare(problemOf(error), PROBLEM_TYPE)
  const pageOf = new Map<string, Prepared>()

  const makePage = (language: string): Prepared => {
    const page = {
      status: error.status,
      title: 'page.busy.title',
      text: 'page.busy.text',
      wait: Number(error.extra.retryAfter),
      again: `${pages.base}/sign-in`,
    } as const
    const vary = { Vary: 'Accept, Accept-Language' }
    return prepare(pages.forAnybody('error', page, language), 'text/html; charset=utf-8', vary)
  }
  const pageIn = (language: string): Prepared => {
    const page = pageOf.get(language) ?? makePage(language)
    pageOf.set(language, page)
    return page
  }
  const answerFor = (asked: Asked, language: () => string): Prepared => {
    try {
      return wantsHtml(asked) ? pageIn(language()) : problem
    } catch (failure) {
      report(failure) // nobody else would catch it here
      return problem
    }
  }
  return (res: ServerResponse, asked: Asked, language: () => string): void => {
    report(error.cause)
    const { headers, body } = answerFor(asked, language)
    res.removeHeader('X-Powered-By')
    res.writeHead(error.status, headers).end(body)
  }
}

/** What a middleware that sets headers would set, to be set without running it. */
function headersOf(middleware: RequestHandler): Record<string, string> {
  const headers: Record<string, string> = {}
  const recorder = { setHeader: (name: string, value: string) => void (headers[name] = value), removeHeader: () => {} }
  void middleware({} as Request, recorder as unknown as Response, () => {})
  return headers
}
