import type { Page } from 'playwright-core'
import type { Mail } from 'sallyport'
import { until } from '../../support/clock.js'
import { AGENTS } from '../devices.js'
import { fillIn, press, visit, type Chapter } from '../scene.js'
import { BASE, type Stage } from '../stage.js'

const visitor = (stage: Stage, options = {}) =>
  stage.open({ agent: AGENTS.chromeOnWindows, address: '192.0.2.201' }, options)

const links = new Map<string, string>()

/** The path of the newest link of a kind that the demo has mailed to somebody; of some only once per play. */
async function linkTo(stage: Stage, email: string, path: '/reset-password' | '/not-me'): Promise<string> {
  const found = async () => {
    const mails = (await (await fetch(`${stage.url}/demo/outbox`)).json()) as Pick<Mail, 'to' | 'text'>[]
    return mails.filter(({ to }) => to === email).flatMap(({ text }) => text.match(/http\S+\?token=\S+/g) ?? [])
  }
  const isWanted = (url: string) => url.includes(path)
  await until(`a mail to ${email}`, async () => (await found()).some(isWanted), 5_000)
  return (await found()).find(isWanted)!.slice(stage.url.length + BASE.length)
}

async function ask(stage: Stage, email: string, options = {}): Promise<Page> {
  const page = await visit(await visitor(stage, options), '/forgot-password')
  await fillIn(page, { email })
  await page.locator('main button[type=submit]').click()
  return page
}

/** Opens the link for Ada, who asks for it once. */
async function openReset(stage: Stage, options = {}): Promise<Page> {
  const email = 'ada@acme.test'
  if (!links.has(email)) {
    await ask(stage, email)
    links.set(email, await linkTo(stage, email, '/reset-password'))
  }
  return visit(await visitor(stage, options), links.get(email)!)
}

const openNotMe = async (stage: Stage, options = {}) =>
  visit(await visitor(stage, options), await linkTo(stage, 'grace@acme.test', '/not-me'))

/** Last of all: what is done here ends the sessions of those who are pictured before. */
export const recovery: Chapter = {
  title: 'Getting back in',
  scenes: [
    {
      name: 'forgot-password',
      about: 'Somebody has forgotten the password.',
      seen: 'Type the e\u2011mail address',
      lead: async (stage) => visit(await visitor(stage), '/forgot-password'),
      alsoAs: ['phone-dark'],
    },
    {
      name: 'forgot-password-sent',
      about: 'The same for everybody, whether there is such an account or not.',
      seen: 'If there is an account',
      lead: (stage) => ask(stage, 'nobody@acme.test'),
    },
    {
      name: 'reset-password',
      about: 'Behind the link: a new password.',
      seen: 'Choose a new password',
      lead: (stage) => openReset(stage),
      alsoAs: ['phone-dark'],
    },
    {
      name: 'reset-password-refused',
      about: 'It breaks rules; the link is as good as before.',
      seen: 'The password was not set.',
      lead: async (stage) => {
        const page = await openReset(stage)
        await fillIn(page, { newPassword: 'Ada2046', confirmPassword: 'Ada2047' })
        await press(page, 'Set the password')
        return page
      },
    },
    {
      name: 'reset-password-german',
      about: 'In German.',
      seen: 'Neues Passwort wählen',
      lead: (stage) => openReset(stage, { locale: 'de-DE' }),
    },
    {
      name: 'reset-password-done',
      about: 'The password is set; the way in is the usual one.',
      seen: 'Your new password is set.',
      lead: async (stage) => {
        const page = await openReset(stage)
        const password = 'Silver-Anchor-29-Field'
        await fillIn(page, { newPassword: password, confirmPassword: password })
        await press(page, 'Set the password')
        return page
      },
    },
    {
      name: 'link-dead',
      about: 'The link was used already, or is too old.',
      seen: 'This link no longer works',
      lead: (stage) => openReset(stage),
    },
    {
      name: 'not-me',
      about: '"This wasn\'t me" in a notice leads here; nothing has happened yet.',
      seen: 'Was this not you?',
      lead: (stage) => openNotMe(stage),
      alsoAs: ['phone-dark'],
    },
    {
      name: 'not-me-german',
      about: 'In German.',
      seen: 'Waren Sie das nicht?',
      lead: (stage) => openNotMe(stage, { locale: 'de-DE' }),
    },
    {
      name: 'not-me-done',
      about: 'After the button.',
      seen: 'You are signed out everywhere',
      lead: async (stage) => {
        const page = await openNotMe(stage)
        await press(page, "This wasn't me")
        return page
      },
    },
  ],
}
