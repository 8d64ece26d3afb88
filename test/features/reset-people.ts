import assert from 'node:assert/strict'
import type { Mail } from 'sallyport'
import { BASE, type Browser, type Page } from '../support/browser.js'
import { until } from '../support/clock.js'
import type { Host, Person } from '../support/host.js'
import type { Mailbox } from '../support/mails.js'

/** More than the time between two mails to one address. */
const NEXT_MAIL_MS = 300_001
const LINK = /(http:\/\/localhost:\d+)(\/security\/reset-password\?token=[\w-]{32})\s/

export async function forgot(host: Host, email: string, browser = host.browser()): Promise<Page> {
  return browser.submit(await browser.visit(`${BASE}/forgot-password`), '/forgot-password', { email })
}

/** The mail with a link, or with word that there is none: which it is, and its path. */
export function kindOf({ subject, text }: Mail): 'reset' | 'invitation' | 'sso' | null {
  if (subject.startsWith('How you sign in')) return 'sso'
  if (!LINK.test(text)) return null
  return subject.startsWith('Set your password') ? 'invitation' : 'reset'
}

/** The mails that somebody has got who cannot get in, oldest first. */
export const linksTo = (box: Mailbox, person: Person): Mail[] => box.to(person.email).filter((mail) => kindOf(mail))

/** The path of the link in a mail; empty where it has none. */
export const pathIn = ({ text }: Mail): string => LINK.exec(text)?.[2] ?? ''

/** The path of the next such mail, which `ask` leads to; empty where it has none. */
export async function nextLink(host: Host, box: Mailbox, person: Person, ask: () => Promise<unknown>): Promise<string> {
  const before = linksTo(box, person).length
  await ask()
  await until(`a mail to ${person.email}`, () => linksTo(box, person).length > before, 4_000)
  const [, origin, path] = LINK.exec(linksTo(box, person).at(-1)!.text) ?? []
  assert.equal(origin ?? host.url, host.url)
  return path ?? ''
}

/** Asks for a link when there may be one again; its path. */
export async function resetLink(host: Host, box: Mailbox, person: Person): Promise<string> {
  host.clock.advance(NEXT_MAIL_MS)
  return nextLink(host, box, person, () => forgot(host, person.email))
}

/** Opens a link as a browser does: the page where it leads to. */
export async function open(browser: Browser, link: string): Promise<Page> {
  const moved = await browser.visit(link)
  assert.equal(moved.status, 303)
  return browser.follow(moved)
}

export const choose = (browser: Browser, page: Page, password: string, again = password): Promise<Page> =>
  browser.submit(page, '/reset-password', { newPassword: password, confirmPassword: again })
