import { en } from './en.js'

export type MessageKey = keyof typeof en
export type MessageParams = Record<string, string | number>

type Message = string | { zero?: string; one: string; other: string }

/** The text of a key, with `{name}` filled in; `count` chooses the form. The result is text, not markup. */
export function message(key: MessageKey, params: MessageParams = {}): string {
  const entry: Message = en[key]
  return textOf(entry, params.count).replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole))
}

function textOf(entry: Message, count: string | number | undefined): string {
  if (typeof entry === 'string') return entry
  if (count === 0 && entry.zero) return entry.zero
  return new Intl.PluralRules('en').select(Number(count ?? 0)) === 'one' ? entry.one : entry.other
}

export const isMessageKey = (text: string): text is MessageKey => Object.hasOwn(en, text)
