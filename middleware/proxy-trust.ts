import type { RequestHandler } from 'express'

export interface ProxyTrustOptions {
  /** True when the host has said how many proxies stand before it (`proxyHops`), be it none. */
  hopsSaid: boolean
  /** Writes down what was seen. */
  tell: (seen: 'trust_proxy_true' | 'trust_proxy_fine') => Promise<void>
  report: (error: unknown) => void
}

/**
 * Writes down whether the app believes every X-Forwarded-For: only a running app knows, and doctor asks. The first
 * request waits for it, so that whoever had the answer can read it; no other request does.
 */
export function tellProxyTrust({ hopsSaid, tell, report }: ProxyTrustOptions): RequestHandler {
  let told = false
  return function tellProxyTrust(req, _res, next) {
    if (told) return next()
    told = true
    const blind = req.app.get('trust proxy') === true && !hopsSaid
    void tell(blind ? 'trust_proxy_true' : 'trust_proxy_fine')
      .catch(report)
      .then(() => next())
  }
}
