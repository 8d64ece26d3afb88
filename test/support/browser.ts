import { load, type CheerioAPI } from 'cheerio'
import supertest, { type Response } from 'supertest'
import type { SessionView } from '../../views/models.js'

export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
export const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'

export const BASE = '/security'

/** A page as somebody reads it. */
export class Page {
  readonly $: CheerioAPI

  constructor(readonly response: Response) {
    this.$ = load(response.type.includes('html') ? response.text : '')
  }

  get status(): number {
    return this.response.status
  }

  get location(): string {
    return this.response.headers.location ?? ''
  }

  get text(): string {
    return this.$('body').text().replace(/\s+/g, ' ').trim()
  }

  get json(): Record<string, unknown> {
    return this.response.body as Record<string, unknown>
  }

  /** The answer with its tokens blotted out, which differ each time: to compare two answers byte by byte. */
  get bytes(): string {
    return this.response.text.replace(/(name="csrfToken" value="|"csrfToken":")[^"]+/g, '$1…')
  }

  /** The fields of a form as they would be sent untouched, hidden ones included. */
  fieldsOf(action: string): Record<string, string> {
    const form = this.$(`form[action$="${action}"]`).first()
    if (form.length === 0) throw new Error(`no form ${action} on ${this.status} "${this.text.slice(0, 200)}"`)
    return Object.fromEntries(
      form
        .find('input[type=hidden]')
        .map((_, input) => [[input.attribs.name, input.attribs.value ?? '']])
        .get(),
    )
  }

  /** What stands under a field as its errors. */
  errorsUnder(field: string): string[] {
    const ids = (this.$(`[name=${field}][aria-invalid=true]`).attr('aria-describedby') ?? '').split(' ').filter(Boolean)
    return ids.flatMap((id) =>
      this.$(`#${id}.sp-errors li, #${id} li.sp-broken`)
        .map((_, li) => this.$(li).text())
        .get(),
    )
  }
}

/** Somebody's browser: keeps cookies, sends what Chromium sends, follows nothing by itself. */
export class Browser {
  readonly #agent: ReturnType<typeof supertest.agent>
  readonly #headers: Record<string, string>

  constructor(
    readonly url: string,
    userAgent = CHROME,
  ) {
    this.#agent = supertest.agent(url)
    this.#headers = { 'User-Agent': userAgent, Accept: 'text/html,*/*;q=0.8' }
  }

  async visit(path: string, headers: Record<string, string> = {}): Promise<Page> {
    return new Page(await this.#agent.get(path).set({ ...this.#headers, ...headers }))
  }

  /** Goes on to where a redirect leads. */
  async follow(page: Page): Promise<Page> {
    return this.visit(page.location)
  }

  async post(
    path: string,
    fields: Record<string, string> | string,
    headers: Record<string, string> = {},
  ): Promise<Page> {
    const ambient = { ...this.#headers, 'Sec-Fetch-Site': 'same-origin', Origin: this.url }
    return new Page(
      await this.#agent
        .post(path)
        .type('form')
        .set({ ...ambient, ...headers })
        .send(fields),
    )
  }

  /** Fills in the form of a page and sends it. */
  async submit(page: Page, action: string, fields: Record<string, string> = {}, headers = {}): Promise<Page> {
    const path = page.$(`form[action$="${action}"]`).first().attr('action')!
    return this.post(path, { ...page.fieldsOf(action), ...fields }, headers)
  }

  async json(path: string, body?: object, headers: Record<string, string> = {}): Promise<Page> {
    const request = body === undefined ? this.#agent.get(path) : this.#agent.post(path).send(body)
    return new Page(
      await request.set({ 'User-Agent': this.#headers['User-Agent']!, Accept: 'application/json', ...headers }),
    )
  }

  /** Signs in through the form; returns the answer to it. */
  async signIn(person: { email: string }, password: string, fields: Record<string, string> = {}): Promise<Page> {
    const page = await this.visit(`${BASE}/sign-in`)
    return this.submit(page, '/sign-in', { email: person.email, password, ...fields })
  }

  async isSignedIn(): Promise<boolean> {
    return (await this.json('/invoices')).status === 200
  }

  /** The sessions of who is signed in, as a script reads them. */
  async sessions(): Promise<SessionView[]> {
    return (await this.json(`${BASE}/sessions`)).json.sessions as SessionView[]
  }

  /** The value of a cookie, as it is sent. */
  cookie(name = 'sallyport'): string | undefined {
    return this.#agent.jar.getCookie(name, { domain: 'localhost', path: '/', secure: false, script: false })?.value
  }

  /** The names of all cookies that are sent, in their order. */
  cookieNames(): string[] {
    const sent = this.#agent.jar.getCookies({ domain: 'localhost', path: '/', secure: false, script: false })
    return sent.map((cookie) => cookie.name)
  }

  setCookie(text: string): void {
    this.#agent.jar.setCookies([text], 'localhost', '/')
  }
}
