import { z } from 'zod'
import { localPath } from './core/return-to.js'
import { en } from '../views/messages/en.js'
import type { PageOptions } from './options.js'

const localAddress = z
  .string()
  .refine((value) => localPath(value, 'https://localhost') !== null, "must be a path of your own, such as '/brand.css'")
const callable = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'must be a function',
})
const entry = z.strictObject({ label: z.string().min(1), href: localAddress, current: z.boolean().optional() })
const language = z.string().refine((value) => {
  try {
    return Intl.getCanonicalLocales(value).length === 1
  } catch {
    return false
  }
}, "must be the name of a language, such as 'en' or 'pt-BR'")
const texts = z.record(z.string(), z.unknown()).superRefine((own, context) => {
  for (const [key, text] of Object.entries(own)) {
    const problem = problemOf(key, text)
    if (problem) context.addIssue({ code: 'custom', message: problem, path: [key] })
  }
})

/** A text of the host's must have the form of ours, and fill in nothing that ours does not. */
function problemOf(key: string, text: unknown): string | null {
  if (!Object.hasOwn(en, key)) return 'is no text of ours; views/messages/en.ts has those there are'
  const ours: unknown = en[key as keyof typeof en]
  if (typeof ours === 'string') return typeof text === 'string' ? null : 'must be a text'
  const isPlural = typeof text === 'object' && text !== null && 'one' in text && 'other' in text
  return isPlural ? null : 'must have a form for one and one for others: { one: ..., other: ... }'
}

export const pageOptions = z
  .strictObject({
    logo: localAddress.optional(),
    stylesheets: z.array(localAddress).default([]),
    navigation: z.union([z.array(entry), callable]).optional(),
    language: callable.optional(),
    messages: z.record(language, texts).default({}),
    templates: z.string().optional(),
    render: callable.optional(),
  })
  .prefault({})

/** The options as the pages read them: complete. */
export function completePageOptions(parsed: z.output<typeof pageOptions>, given: PageOptions = {}) {
  const { navigation = [] } = given
  return {
    logo: parsed.logo ?? null,
    stylesheets: parsed.stylesheets,
    navigation: typeof navigation === 'function' ? navigation : () => navigation,
    language: given.language ?? (() => undefined),
    messages: given.messages ?? {},
    templates: parsed.templates ?? null,
    render: given.render ?? null,
  }
}
