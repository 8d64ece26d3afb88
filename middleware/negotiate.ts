import type { IncomingMessage } from 'node:http'
import express, { type Request } from 'express'
import { localPath } from '../src/core/return-to.js'

/** What a request says of the answer it wants, as Express reads it. */
export type Asked = Pick<Request, 'get' | 'accepts' | 'acceptsLanguages'>

/** The same of a request that Express has not touched: its methods ask for nothing but the headers. */
export const askedOf = ({ headers }: IncomingMessage): Asked =>
  Object.create(express.request, { headers: { value: headers } }) as Asked

/** So many, and none that is longer. */
const REMEMBERED = 200
const LONGEST = 256

/** What was made of a header is remembered: negotiation is half of what it costs to refuse somebody, and few headers differ. */
export function rememberedBy<T>(header: string, work: (req: Asked) => T): (req: Asked) => T {
  const known = new Map<string | undefined, T>()
  return (req) => {
    const said = req.get(header)
    if (known.has(said)) return known.get(said)!
    const answer = work(req)
    if (said && said.length > LONGEST) return answer
    if (known.size >= REMEMBERED) known.clear()
    known.set(said, answer)
    return answer
  }
}

const preferred = rememberedBy('accept', (req) => req.accepts(['html', 'json']))

/** True for a browser that goes to a page: it names HTML, and prefers it to JSON. A script's bare `*\/*` is none. */
export function wantsHtml(req: Asked): boolean {
  const accept = req.get('accept') ?? ''
  return /text\/html|application\/xhtml/i.test(accept) && preferred(req) === 'html'
}

/** True when a page of ours should answer its model instead. */
export const wantsJson = (req: Request): boolean => preferred(req) === 'json'

/** The path of the page that a request came from, when that is one of this origin. */
export function refererPath(req: Request, origin: string): string | null {
  const referer = req.get('referer')
  return referer?.startsWith(`${origin}/`) ? localPath(referer.slice(origin.length), origin) : null
}
