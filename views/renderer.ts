import { fileURLToPath } from 'node:url'
import { Eta } from 'eta'
import { Assets } from './assets.js'
import { message, type MessageKey, type MessageParams } from './messages/catalogue.js'
import type { PageContext, SessionView, Views } from './models.js'
import { clockTime, exactTime, relativeTime } from './times.js'

const TEMPLATES = fileURLToPath(new URL('../../views/', import.meta.url))

/** What a template sees as `it`: its model, the page around it, and a few words. */
interface Scope {
  model: unknown
  page: PageContext
  styles: string[]
  t: (key: MessageKey, params?: MessageParams) => string
  ago: (iso: string) => string
  exactly: (iso: string) => string
  /** "Try again in 12 seconds." */
  waitFor: (seconds: number) => string
}

/** Renders pages. Eta escapes every value; only layout bodies and elements are put in raw. */
export class Renderer {
  readonly assets = new Assets()
  readonly #eta = new Eta({ views: TEMPLATES, cache: true, autoEscape: true })

  page<K extends keyof Views>(name: K, model: Views[K], page: PageContext): string {
    return this.#eta.render(`/pages/${name}`, this.#scope(model, page))
  }

  /** The list of sessions alone, for a page of the host's own. */
  sessionsFragment(sessions: SessionView[], page: PageContext): string {
    return this.#eta.render('/elements/session-list', this.#scope({ sessions }, page))
  }

  #scope(model: unknown, page: PageContext): Scope {
    return {
      model,
      page,
      styles: this.assets.names.map((name) => `${page.base}/assets/${name}`),
      t: message,
      ago: (iso) => relativeTime(iso, page.now, page.language),
      exactly: (iso) => exactTime(iso, page.language),
      waitFor: (seconds) =>
        seconds <= 90
          ? message('page.wait.seconds', { count: seconds })
          : message('page.wait.minutes', {
              count: Math.ceil(seconds / 60),
              time: clockTime(page.now + seconds * 1000, page.language),
            }),
    }
  }
}
