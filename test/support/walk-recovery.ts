import { NotMeLinks } from '../../src/features/notices/not-me.js'
import { linksTo, pathIn } from '../features/reset-people.js'
import { BASE, type Browser, type Page } from './browser.js'
import { until } from './clock.js'
import { ada, PASSWORDS, SECRET, tove, type Host, type Person } from './host.js'
import type { Mailbox } from './mails.js'
import type { See } from './walk-factors.js'

/** The pages of those who cannot get in, or fear that somebody else did. */
export async function recovery(host: Host, mailbox: Mailbox, see: See): Promise<void> {
  const browser = host.browser()
  const opened = async (path: string) => browser.follow(await browser.visit(path))
  const next = async (person: Person, ask: () => Promise<unknown>) => {
    const before = linksTo(mailbox, person).length
    await ask()
    await until('the mail', () => linksTo(mailbox, person).length > before, 5_000)
    return pathIn(linksTo(mailbox, person).at(-1)!)
  }
  const form = await browser.visit(`${BASE}/forgot-password`)
  see('forgotten password', form)
  see('forgotten password, left empty', await browser.submit(form, '/forgot-password', { email: '' }))
  const link = await next(ada, async () => {
    const asked = await browser.submit(form, '/forgot-password', { email: ada.email })
    see('forgotten password, sent', await browser.follow(asked))
  })
  const page = await opened(link)
  see('a new password', page)
  const set = (password: string) =>
    browser.submit(page, '/reset-password', { newPassword: password, confirmPassword: password })
  see('a new password, refused', await set('short'))
  see('a new password, set', await browser.follow(await set(PASSWORDS.u1!)))
  see('a link that is dead', await opened(link))
  see('the first password', await opened(await next(tove, () => host.security.members.invite(tove.id))))
  await notMe(host, browser, see)
}

async function notMe(host: Host, browser: Browser, see: See): Promise<void> {
  const open = async (token: string): Promise<Page> =>
    browser.follow(await browser.visit(`${BASE}/not-me?token=${token}`))
  see('a notice that is too old', await open('x'.repeat(80)))
  const links = new NotMeLinks([SECRET], host.clock)
  await host.security.users.emailChanged(tove.id, tove.email) // she is not invited any more
  for (const person of [ada, tove]) {
    const page = await open(links.sign(person.id, host.clock.now(), person.email))
    see(`was this not you, ${person.name}`, page)
    see(`this was not me, ${person.name}`, await browser.follow(await browser.submit(page, '/not-me')))
  }
  see('this was not me, no mail', await browser.visit(`${BASE}/not-me?done=none`))
}
