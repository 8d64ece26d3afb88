import express, { type RequestHandler } from 'express'
import type { Browser } from '../support/browser.js'
import { startKeptHost, type KeptHost, type KeptHostOptions } from '../support/kept-host.js'

export const COOKIE = 'connect.sid'

/** Runs a story on a host of its own. */
export const on = (options: KeptHostOptions, story: (host: KeptHost) => Promise<void>) => async () => {
  const host = await startKeptHost(options)
  try {
    await story(host)
  } finally {
    await host.close()
  }
}

/** A copy of a browser's cookie, as a thief or a request in flight has it. */
export function copyOf(browser: Browser): Browser {
  const copy = new (browser.constructor as typeof Browser)(browser.url)
  copy.setCookie(`${COOKIE}=${browser.cookie(COOKIE)}; Path=/`)
  return copy
}

export const text =
  (work: (req: express.Request, res: express.Response) => unknown): RequestHandler =>
  (req, res) =>
    void work(req, res)

/** Routes as they are written for Passport before 0.6: no callback at sign-out. */
export function oldRoutes(app: express.Express, { passport }: Pick<KeptHost, 'passport'>): void {
  const authenticate = passport.authenticate('local') as RequestHandler
  app.post(
    '/login',
    express.urlencoded({ extended: false }),
    authenticate,
    text((_req, res) => res.json({ ok: true })),
  )
  app.post(
    '/logout',
    text((req, res) => {
      ;(req.logout as unknown as () => void)()
      res.json({ ok: true, user: req.user ?? null })
    }),
  )
}
