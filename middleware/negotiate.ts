import type { Request } from 'express'
import { localPath } from '../src/core/return-to.js'

/** True for a browser that goes to a page: it names HTML, and prefers it to JSON. A script's bare `*\/*` is none. */
export function wantsHtml(req: Request): boolean {
  const accept = req.get('accept') ?? ''
  return /text\/html|application\/xhtml/i.test(accept) && req.accepts(['html', 'json']) === 'html'
}

/** True when a page of ours should answer its model instead. */
export const wantsJson = (req: Request): boolean => req.accepts(['html', 'json']) === 'json'

/** The path of the page that a request came from, when that is one of this origin. */
export function refererPath(req: Request, origin: string): string | null {
  const referer = req.get('referer')
  return referer?.startsWith(`${origin}/`) ? localPath(referer.slice(origin.length), origin) : null
}
