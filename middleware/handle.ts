import type { NextFunction, Request, RequestHandler, Response } from 'express'

/** An async handler for Express 4 and 5 alike: Express 4 knows nothing of promises, and a lost rejection ends the process. */
export const handle =
  (work: (req: Request, res: Response, next: NextFunction) => Promise<void>): RequestHandler =>
  (req, res, next) => {
    work(req, res, next).catch(next)
  }
