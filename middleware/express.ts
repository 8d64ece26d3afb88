import type { RequestSecurity } from '../src/core/request-security.js'

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the one way to add to Express's request
  namespace Express {
    interface Request {
      /** Who is signed in, and for how long; set by `security.router`. */
      security: RequestSecurity
    }
  }
}
