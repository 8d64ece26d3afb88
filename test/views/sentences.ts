import { de } from '../../views/messages/de.js'
import { en } from '../../views/messages/en.js'
import type { Message, MessageKey } from '../../views/messages/keys.js'
import type { Page } from '../support/browser.js'

const CATALOGUES: Record<'en' | 'de', Record<string, Message>> = { en, de }
const KEYS = Object.keys(en) as MessageKey[]
const ATTRIBUTES = new Set(['alt', 'title', 'aria-label', 'placeholder', 'value', 'content'])

const formsOf = (message: Message): string[] => (typeof message === 'string' ? [message] : Object.values(message))

/** A text as it looks on a page, whatever was filled in. */
function pattern(text: string): RegExp {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, ' ')
  return new RegExp(`(?<![\\p{L}\\p{N}])${escaped.replace(/\\\{\w+\\\}/g, '.{1,80}?')}(?![\\p{L}\\p{N}])`, 'u')
}

/** Everything that is said on a page: texts, titles, names for screen readers, what the script will say. */
function wordsOn(page: Page): string {
  const attributes = page
    .$('*')
    .toArray()
    .flatMap((each) =>
      Object.entries('attribs' in each ? (each.attribs as Record<string, string>) : {})
        .filter(([name]) => ATTRIBUTES.has(name) || name.startsWith('data-sp-'))
        .map(([, value]) => value),
    )
  const texts = page
    .$('title, body, body *')
    .contents()
    .toArray()
    .map((node) => ('data' in node ? node.data : ''))
  return [page.text, ...texts, ...attributes].map((text) => text.replace(/\s+/g, ' ').trim()).join('\n')
}

/** The keys of a language whose text stands on a page; one that both languages share does not count. */
export function keysOn(page: Page, language: 'en' | 'de'): string[] {
  const words = wordsOn(page)
  const other = CATALOGUES[language === 'en' ? 'de' : 'en']
  return KEYS.filter((key) => {
    const shared = formsOf(other[key]!)
    return formsOf(CATALOGUES[language][key]!).some((text) => !shared.includes(text) && pattern(text).test(words))
  })
}

/** Those of which one can tell by a page whether they were said: what both languages say alike is left out. */
export const ALL_KEYS: readonly string[] = KEYS.filter((key) => {
  const german = formsOf(de[key])
  return formsOf(en[key]).some((text) => !german.includes(text))
})
