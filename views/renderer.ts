import type { MailFacts, RenderedMail } from '../src/core/mail.js'
import { Assets } from './assets.js'
import { mailModel, tidy } from './mails.js'
import { Catalogue } from './messages/catalogue.js'
import type { OwnMessages } from './messages/keys.js'
import type { PageContext, SessionView, Views } from './models.js'
import { Templates } from './templates.js'
import { wordsIn, type Words } from './words.js'

export interface RendererOptions {
  /** Folder of the host's own templates. */
  templates: string | null
  /** The host's own texts. */
  messages: OwnMessages
  /** Told of a template of the host's that fails. */
  report: (error: unknown) => void
}

/** Renders pages. Eta escapes every value; only layout bodies and elements are put in raw. */
export class Renderer {
  readonly assets = new Assets()
  readonly #catalogue: Catalogue
  readonly #templates: Templates

  constructor({ templates, messages, report }: RendererOptions) {
    this.#templates = new Templates(templates, report)
    this.#catalogue = new Catalogue(messages)
  }

  get languages(): readonly string[] {
    return this.#catalogue.languages
  }

  /** The language that there are texts for and that is nearest to one, `de` to `de-AT`; undefined: none. */
  nearestLanguage(language: string): string | undefined {
    return this.#catalogue.nearest(language)
  }

  wordsFor({ language, now }: Pick<PageContext, 'language' | 'now'>): Words {
    return wordsIn(this.#catalogue, language, now)
  }

  page<K extends keyof Views>(name: K, model: Views[K], page: PageContext): string {
    return this.#templates.render(`/pages/${name}`, this.#scope(model, page))
  }

  /** The list of sessions alone, for a page of the host's own. */
  sessionsFragment(sessions: SessionView[], page: PageContext): string {
    return this.#templates.render('/elements/session-list', this.#scope({ sessions }, page))
  }

  /** A mail in both forms, made of the same model. */
  mail(facts: MailFacts, { language, now }: Pick<PageContext, 'language' | 'now'>): RenderedMail {
    const words = this.wordsFor({ language, now })
    const model = mailModel(facts, words)
    const scope = { model, language, ...words }
    return {
      subject: model.subject,
      text: tidy(this.#templates.render('/mails/text', scope)),
      html: this.#templates.render('/mails/mail', scope),
    }
  }

  /** What a template sees as `it`: its model, the page around it, and the words. */
  #scope(model: unknown, page: PageContext): object {
    return { model, page, ...this.wordsFor(page) }
  }
}
