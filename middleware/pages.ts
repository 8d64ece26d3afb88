import type { Request, Response } from 'express'
import type { Clock } from '../src/core/clock.js'
import type { SecurityError } from '../src/core/errors.js'
import type { PageContext, Views } from '../views/models.js'
import type { Renderer } from '../views/renderer.js'
import type { Csrf } from './csrf.js'
import type { FlashCookie } from './flash.js'
import { wantsJson } from './negotiate.js'

export interface PagesOptions {
  renderer: Renderer
  csrf: Csrf
  flash: FlashCookie
  basePath: string
  productName: string
  clock: Clock
  /** What the host's own CSRF guard wants in every form. */
  formFields: (req: Request) => Record<string, string>
}

/** Answers with a page, or with the page's model where JSON is asked for. */
export class Pages {
  readonly base: string
  readonly flash: FlashCookie
  readonly renderer: Renderer
  readonly #options: PagesOptions

  constructor(options: PagesOptions) {
    this.base = options.basePath
    this.flash = options.flash
    this.renderer = options.renderer
    this.#options = options
  }

  send<K extends keyof Views>(req: Request, res: Response, name: K, model: Views[K], status = 200): void {
    res.status(status)
    res.vary('Accept')
    if (wantsJson(req)) {
      const csrfToken = this.#options.csrf.tokenFor(req, res)
      const formFields = this.#options.formFields(req)
      res.json({ ...model, csrfToken, ...(Object.keys(formFields).length > 0 && { formFields }) })
    } else res.type('html').send(this.renderer.page(name, model, this.context(req, res)))
  }

  /** A page that is the same for everybody, with no form in it: to be kept, where there is no time to make one for each. */
  forAnybody<K extends keyof Views>(name: K, model: Views[K]): string {
    const page = { path: '', user: null, csrfToken: '', formFields: {}, flash: null, ...this.#everywhere() }
    return this.renderer.page(name, model, page)
  }

  /** What the layout needs. Takes the flash message, so that it is shown once. */
  context(req: Request, res: Response): PageContext {
    return { ...this.surroundings(req, res), flash: this.flash.take(req, res) }
  }

  /** What a fragment in a page of the host's needs; the message waits for a page of ours. */
  surroundings(req: Request, res: Response): PageContext {
    return {
      ...this.#everywhere(),
      path: req.path,
      user: req.security?.user ?? null,
      csrfToken: this.#options.csrf.tokenFor(req, res),
      formFields: this.#options.formFields(req),
      flash: null,
    }
  }

  #everywhere() {
    const { productName, clock } = this.#options
    return { base: this.base, productName, language: 'en', now: clock.now() }
  }

  /** After a POST that was done: 303 to a page of ours, or 200 with what a script wants to know. */
  done(req: Request, res: Response, to: string, json: Record<string, unknown> = {}): void {
    if (wantsJson(req)) res.json({ ok: true, ...json })
    else res.redirect(303, to)
  }
}

/** RFC 9457. No more than the code and what the error itself chose to tell. */
export function sendProblem(res: Response, error: SecurityError): void {
  // RFC 9110, 15.5.2: a 401 says how to authenticate; a browser's session is no scheme of the registry, so it has its own
  if (error.status === 401 && !res.get('WWW-Authenticate')) res.set('WWW-Authenticate', 'Session')
  const body = JSON.stringify({ title: error.code, status: error.status, code: error.code, ...error.extra })
  res.status(error.status).type('application/problem+json').send(body)
}
