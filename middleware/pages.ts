import type { Request, Response } from 'express'
import type { Clock } from '../src/core/clock.js'
import type { SecurityError } from '../src/core/errors.js'
import type { MessageKey } from '../views/messages/keys.js'
import type { NavigationEntry, PageContext, RenderPage, Views } from '../views/models.js'
import type { Renderer } from '../views/renderer.js'
import type { Words } from '../views/words.js'
import type { Csrf } from './csrf.js'
import type { FlashCookie } from './flash.js'
import { renderAtHost } from './host-engine.js'
import { rememberedBy, wantsJson } from './negotiate.js'

/** An entry of our own navigation; `also` are paths that belong to it, too. */
export interface OwnEntry {
  path: string
  label: MessageKey
  also?: readonly string[]
}

export interface PagesOptions {
  renderer: Renderer
  csrf: Csrf
  flash: FlashCookie
  basePath: string
  productName: string
  /** Where somebody reports a vulnerability to; null: nobody is named. */
  securityContact: string | null
  clock: Clock
  /** The entries of our navigation, the Security page first. */
  navigation: readonly OwnEntry[]
  /** What the host's own CSRF guard wants in every form. */
  formFields: (req: Request) => Record<string, string>
  look: Look
  report: (error: unknown) => void
}

/** What the host says of its pages. */
export interface Look {
  logo: string | null
  stylesheets: readonly string[]
  navigation: (req: Request) => readonly NavigationEntry[]
  language: (req: Request) => string | undefined
  render: RenderPage<Response> | null
}

/** Answers with a page, or with the page's model where JSON is asked for. */
export class Pages {
  readonly base: string
  readonly flash: FlashCookie
  readonly renderer: Renderer
  /** The addresses of our style sheets, and the host's after them. */
  readonly styles: readonly string[]
  readonly #options: PagesOptions

  constructor(options: PagesOptions) {
    const { basePath, flash, renderer, look } = options
    this.base = basePath
    this.flash = flash
    this.renderer = renderer
    this.styles = [...renderer.assets.styles.map((name) => this.#assetPath(name)), ...look.stylesheets]
    this.#options = options
  }

  send<K extends keyof Views>(req: Request, res: Response, name: K, model: Views[K], status = 200): void {
    res.status(status)
    res.vary('Accept')
    if (wantsJson(req)) {
      const csrfToken = this.#options.csrf.tokenFor(req, res)
      const formFields = this.#options.formFields(req)
      res.json({ ...model, csrfToken, ...(Object.keys(formFields).length > 0 && { formFields }) })
      return
    }
    res.vary('Accept-Language')
    const page = this.context(req, res)
    const sendOurs = () =>
      void res
        .status(status)
        .type('html')
        .send(this.renderer.page(name, model, page))
    const { look, report } = this.#options
    if (!look.render) return sendOurs()
    const words = this.renderer.wordsFor(page)
    void renderAtHost(res, { render: look.render, name, model: { ...model, page, words }, sendOurs, report })
  }

  /** A page that is the same for everybody who reads this language, with no form in it: to be kept, where there is no time to make one for each. */
  forAnybody<K extends keyof Views>(name: K, model: Views[K], language: string): string {
    const navigation = { host: [], account: [], admin: [] }
    const page = { user: null, csrfToken: '', formFields: {}, flash: null, navigation, ...this.#everywhere(language) }
    return this.renderer.page(name, model, page)
  }

  /** What the layout needs. Takes the flash message, so that it is shown once. */
  context(req: Request, res: Response): PageContext {
    return { ...this.surroundings(req, res), flash: this.flash.take(req, res) }
  }

  /** What a fragment in a page of the host's needs; the message waits for a page of ours. */
  surroundings(req: Request, res: Response): PageContext {
    const everywhere = this.#everywhere(this.languageOf(req))
    const words = this.renderer.wordsFor(everywhere)
    return {
      ...everywhere,
      user: req.security?.user ?? null,
      navigation: {
        host: this.#options.look.navigation(req),
        account: this.#options.navigation.map(({ path, label, also = [] }) => ({
          label: words.t(label),
          href: this.base + path,
          current: [path, ...also].some((at) => req.path === at || (at !== '/' && req.path.startsWith(`${at}/`))),
        })),
        admin: [],
      },
      csrfToken: this.#options.csrf.tokenFor(req, res),
      formFields: this.#options.formFields(req),
      flash: null,
    }
  }

  /** What the host says, or the browser asks for, as far as there are texts. */
  languageOf(req: Request): string {
    const said: unknown = this.#options.look.language(req)
    const nearest = typeof said === 'string' ? this.renderer.nearestLanguage(said) : undefined
    return nearest ?? this.languageAsked(req)
  }

  /** What the browser asks for, as far as there are texts. */
  readonly languageAsked = rememberedBy('accept-language', (req) => {
    const { languages } = this.renderer
    return req.acceptsLanguages([...languages]) || languages[0]!
  })

  /** The same for a page; what a script is answered does not change with the language. */
  languageOfAnswer(req: Request): string {
    return wantsJson(req) ? 'en' : this.languageOf(req)
  }

  /** The words of the page that this request leads to. */
  wordsFor(req: Request): Words {
    return this.renderer.wordsFor({ language: this.languageOf(req), now: this.#options.clock.now() })
  }

  #everywhere(language: string) {
    const { productName, clock, look, renderer, securityContact } = this.#options
    const scripts = renderer.assets.scripts.map((name) => this.#assetPath(name))
    const { base, styles } = this
    return { base, productName, securityContact, logo: look.logo, language, now: clock.now(), styles, scripts }
  }

  #assetPath(name: string): string {
    return `${this.base}/assets/${name}`
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
  res.status(error.status).set('Content-Type', PROBLEM_TYPE).send(problemOf(error))
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/** The body of that answer. */
export const problemOf = ({ code, status, extra }: SecurityError): string =>
  JSON.stringify({ title: code, status, code, ...extra })
