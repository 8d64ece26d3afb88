import type { en } from './en.js'

export type MessageKey = keyof typeof en
export type MessageParams = Record<string, string | number>

/** A text with `{count}` in the forms that the language has for it (CLDR's names); `zero` where nothing is said otherwise. */
export interface Plural {
  zero?: string
  one: string
  two?: string
  few?: string
  many?: string
  other: string
}
export type Message = string | Plural

/** Every text of the pages in one language: what is a plural in one is a plural in all. A key that is missing does not compile. */
export type Messages = { readonly [K in MessageKey]: (typeof en)[K] extends string ? string : Plural }

/** Texts of your own, by language: `{ en: { 'security.title': 'Your account' } }`; what is left out stays as it is. */
export type OwnMessages = Record<string, Partial<Messages>>
