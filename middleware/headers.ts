import type { RequestHandler } from 'express'
import helmet from 'helmet'

const YEAR_S = 31_536_000

/** The headers of our own pages. They replace the host's for these answers: two CSP headers would intersect. */
export function pageHeaders({ secure }: { secure: boolean }): RequestHandler {
  const protect = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    // helmet's default "no-referrer" makes a browser post our own forms with "Origin: null"
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: secure ? { maxAge: YEAR_S } : false,
    xFrameOptions: { action: 'deny' },
  })
  return function pageHeaders(req, res, next) {
    res.setHeader('Cache-Control', 'no-store')
    protect(req, res, next)
  }
}
