import type { Request } from 'express'

/** True for a browser that goes to a page: it names HTML, and prefers it to JSON. A script's bare `*\/*` is none. */
export function wantsHtml(req: Request): boolean {
  const accept = req.get('accept') ?? ''
  return /text\/html|application\/xhtml/i.test(accept) && req.accepts(['html', 'json']) === 'html'
}

/** True when a page of ours should answer its model instead. */
export const wantsJson = (req: Request): boolean => req.accepts(['html', 'json']) === 'json'
