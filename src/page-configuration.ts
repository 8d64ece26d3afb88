import type { Request } from 'express'
import { z } from 'zod'
import { localPath } from './core/return-to.js'
import { en } from '../views/messages/en.js'
import type { NavigationEntry } from '../views/models.js'
import type { PageOptions } from './options.js'

const localAddress = (example: string) =>
  z
    .string()
    .refine(
      (value) => localPath(value, 'https://localhost') !== null,
      `must be a path of your own, such as '${example}'`,
    )
const callable = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'must be a function',
})
const entry = z.strictObject({
  label: z.string().min(1),
  href: localAddress('/profile'),
  current: z.boolean().optional(),
})
const texts = z.record(z.string(), z.unknown())
const messages = z.record(z.string(), texts).superRefine((own, context) => {
  const say = (path: string[], message: string) => context.addIssue({ code: 'custom', message, path })
  for (const [language, given] of Object.entries(own)) {
    if (!isLanguage(language)) say([language], "is no language; write its name as browsers do, such as 'fr' or 'pt-BR'")
    for (const [key, text] of Object.entries(given)) {
      const problem = problemOf(key, text)
      if (problem) say([language, key], problem)
    }
  }
})

function isLanguage(name: string): boolean {
  try {
    return Intl.getCanonicalLocales(name).length === 1
  } catch {
    return false
  }
}

/** A text of the host's must have the form of ours, and fill in nothing that ours does not. */
function problemOf(key: string, text: unknown): string | null {
  if (!Object.hasOwn(en, key)) return 'is no text of ours; docs/languages.md says where those are that there are'
  const ours: string | object = en[key as keyof typeof en]
  const forms = typeof ours === 'string' ? { text } : text
  if (typeof ours === 'string' && typeof text !== 'string') return 'must be a text'
  if (!plural.safeParse(forms).success && typeof ours !== 'string')
    return "must have a form for one and one for others, e.g. { one: 'one day', other: '{count} days' }"
  const known = placeholdersIn(ours)
  const foreign = placeholdersIn(forms as object).find((each) => !known.includes(each))
  return foreign === undefined
    ? null
    : `fills in ${foreign}, which ours does not; it may have ${known.join(', ') || 'none'}`
}

const plural = z.strictObject({
  zero: z.string().optional(),
  one: z.string(),
  two: z.string().optional(),
  few: z.string().optional(),
  many: z.string().optional(),
  other: z.string(),
})

const placeholdersIn = (text: string | object): string[] => [
  ...new Set(
    Object.values(typeof text === 'string' ? { text } : text).flatMap((form: string) => form.match(/\{\w+\}/g) ?? []),
  ),
]

export const pageOptions = z
  .strictObject({
    logo: localAddress('/logo.svg').optional(),
    stylesheets: z.array(localAddress('/brand.css')).default([]),
    navigation: z
      .union([z.array(entry), callable], { error: 'must be a list of { label, href }, or a function of the request' })
      .optional(),
    language: callable.optional(),
    messages: messages.default({}),
    templates: z.string().optional(),
    render: callable.optional(),
  })
  .prefault({})

/** The options as the pages read them: complete. What a function of the host's gets wrong is reported and left out. */
export function completePageOptions(
  parsed: z.output<typeof pageOptions>,
  given: PageOptions = {},
  report: (error: unknown) => void,
) {
  const { navigation = [], language } = given
  return {
    logo: parsed.logo ?? null,
    stylesheets: parsed.stylesheets,
    navigation: typeof navigation === 'function' ? checkedEntries(navigation, report) : () => navigation,
    language: language ? orElse(undefined, language, report) : () => undefined,
    messages: given.messages ?? {},
    templates: parsed.templates ?? null,
    render: given.render ?? null,
  }
}

type Entries = (req: Request) => readonly NavigationEntry[]

/** A link of the navigation never leads to another origin or runs a script, whatever the function made it from. */
function checkedEntries(navigation: Entries, report: (error: unknown) => void): Entries {
  const all = orElse([], navigation, report)
  return (req) => {
    const entries: unknown = all(req)
    const each = Array.isArray(entries) ? entries : [entries]
    return each.filter((one, i): one is NavigationEntry => {
      const problem = entry.safeParse(one).error?.issues[0]
      const where = ['pages.navigation', i, ...(problem?.path ?? [])].join('.')
      if (problem) report(new TypeError(`${where} ${problem.message}; the entry was left out`))
      return !problem
    })
  }
}

/** Nobody is kept from a page by what stands around it. */
function orElse<T>(instead: T, ask: (req: Request) => T, report: (error: unknown) => void): (req: Request) => T {
  return (req) => {
    try {
      return ask(req)
    } catch (error) {
      report(error)
      return instead
    }
  }
}
