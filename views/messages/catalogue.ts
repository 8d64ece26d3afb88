import { de } from './de.js'
import { en } from './en.js'
import type { Message, MessageKey, MessageParams, Messages, OwnMessages, Plural } from './keys.js'

const OURS: Record<string, Messages> = { en, de }

/** All texts in all languages, ours and the host's. */
export class Catalogue {
  /** The first is spoken where no other is asked for. */
  readonly languages: readonly string[]
  readonly #texts: Map<string, Messages>

  constructor(own: OwnMessages = {}) {
    this.languages = [...new Set([...Object.keys(OURS), ...Object.keys(own)])]
    this.#texts = new Map(this.languages.map((language) => [language, { ...(OURS[language] ?? en), ...own[language] }]))
  }

  /** The text of a key, with `{name}` filled in; `count` chooses the form. The result is text, not markup. */
  text(language: string, key: MessageKey, params: MessageParams = {}): string {
    const entry: Message = (this.#texts.get(language) ?? en)[key]
    const text = typeof entry === 'string' ? entry : formOf(entry, Number(params.count ?? 0), language)
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole))
  }
}

function formOf(entry: Plural, count: number, language: string): string {
  if (count === 0 && entry.zero) return entry.zero
  return new Intl.PluralRules(language).select(count) === 'one' ? entry.one : entry.other
}

export const isMessageKey = (text: string): text is MessageKey => Object.hasOwn(en, text)
