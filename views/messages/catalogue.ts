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
    this.#texts = new Map(this.languages.map((language) => [language, { ...oursFor(language), ...own[language] }]))
  }

  /** The language that there are texts for and that is nearest to one: `de` to `de-AT`. Undefined: none. */
  nearest(language: string): string | undefined {
    return nearest(this.languages, language)
  }

  /** The text of a key, with `{name}` filled in; `count` chooses the form. The result is text, not markup. */
  text(language: string, key: MessageKey, params: MessageParams = {}): string {
    const entry: Message = (this.#texts.get(language) ?? en)[key]
    const text = typeof entry === 'string' ? entry : formOf(entry, Number(params.count ?? 0), language)
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole))
  }
}

function formOf(entry: Plural, count: number, language: string): string {
  if (count === 0 && entry.zero !== undefined) return entry.zero
  return entry[new Intl.PluralRules(language).select(count)] ?? entry.other
}

/** What a language says where the host has no text for it: `de-AT` says what `de` does, others English. */
const oursFor = (language: string): Messages => OURS[nearest(Object.keys(OURS), language) ?? 'en'] ?? en

/** By RFC 4647, 3.4: the last part of the name is dropped until there is one of that name. */
function nearest(languages: readonly string[], wanted: string): string | undefined {
  for (let name = wanted.toLowerCase(); name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('-')))) {
    const found = languages.find((each) => each.toLowerCase() === name)
    if (found !== undefined) return found
  }
  return undefined
}

export const isMessageKey = (text: string): text is MessageKey => Object.hasOwn(en, text)
