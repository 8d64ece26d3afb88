import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Express } from 'express'
import type { Page } from 'playwright-core'
import { SecurityError, type ErrorCode, type NavigationEntry, type Security } from 'sallyport'
import { BASE } from '../support/browser.js'
import { ada, startHost, tove, type Host, type Person } from '../support/host.js'
import { Mailbox } from '../support/mails.js'
import { mmdb } from '../support/mmdb.js'
import { tempFolder } from '../support/services.js'

export const LONG_AGENT = `Mozilla/5.0 (${'Wxyz'.repeat(450)}) ${'Q'.repeat(60)}/1.0 ${'V'.repeat(60)}/2`
export const long: Person = {
  id: 'u7',
  email: `${'max'.repeat(20)}@acme.test`,
  name: 'Maximilia'.repeat(23).slice(0, 200),
}
export const noor: Person = { id: 'u8', email: 'noor@acme.test', name: 'نور الهدى بنت عبد الرحمن' }
/** The longest address that mail can be sent to (RFC 5321, erratum 1690), and a host with many pages of its own. */
export const mona: Person = { id: 'u9', email: `mona@${'department.'.repeat(22)}acme`.padEnd(254, 'e'), name: 'Mona Ö' }
/** Has an authenticator app, and browsers that she trusts. */
export const vera: Person = { id: 'u10', email: 'vera@acme.test', name: 'Vera Holm' }
/** Has to have one. */
export const nora: Person = { id: 'u11', email: 'nora@acme.test', name: 'Nora Vance' }
/** Has to have one, and has passkeys alone. */
export const paula: Person = { id: 'u12', email: 'paula@acme.test', name: 'Paula Ekström' }
const people = [ada, tove, long, noor, mona, vera, nora, paula]

const named = (en: string) => ({ names: { en } })
/** Where addresses are, and what a file of places may say. */
const PLACES = {
  '203.0.113.0/24': { city: named('Lisbon'), country: named('Portugal') },
  '198.51.100.0/24': {
    city: named(`<b onclick="x">&amp;${'Llanfairpwllgwyngyll'.repeat(5)}`),
    country: named('\u202eنلسا'),
  },
}
export const LONG_IPV6 = '2001:0db8:abcd:1234:5678:9abc:def0:ffff'

const MANY: NavigationEntry[] = [
  { label: 'Profile', href: '/profile' },
  { label: 'Donaudampfschifffahrtsgesellschaftskapitänsmützenverleih', href: '/long' },
  { label: 'Notifications, newsletters and all the other things that we may write to you about', href: '/mail' },
  ...Array.from({ length: 12 }, (_, i) => ({ label: `Entry ${i}`, href: `/entry-${i}` })),
]

export interface Scene {
  page: Page
  host: Host
  /** Opens a page of ours, signed in as somebody. */
  visit: (path: string, person?: Person) => Promise<unknown>
  /** The first half of a sign-in. */
  begin: (person: Person) => Promise<unknown>
  /** Signs somebody in at another device. */
  another: (userAgent: string, person?: Person, ip?: string) => Promise<unknown>
}

/** All that the host has mailed. */
export const mailbox = new Mailbox()

/** A host in which everything can be seen that our pages show. */
export async function startScenes(): Promise<Host> {
  const folder = await tempFolder()
  const locations = join(folder.path, 'places.mmdb')
  await writeFile(locations, mmdb(PLACES))
  const host = await startHost({
    people,
    locations,
    before: (app) => app.set('trust proxy', 1),
    routes: hostRoutes,
    requestsPerMinute: 10_000,
    twoFactor: { enforced: ({ id }) => id === nora.id || id === paula.id, trustBrowser: '30d' },
    mail: mailbox.send,
    support: 'help@acme.test',
    securityContact: 'mailto:security@acme.test',
    secureAccount: { review: { label: 'Review recent payments', href: '/settings' } },
    pages: { navigation: (req) => (req.security?.user?.id === mona.id ? MANY : []) },
  })
  const close = () => host.close().then(folder.remove)
  return { ...host, close }
}

/** One visitor's scene on that host. */
export function sceneOf(host: Host, page: Page): Scene {
  const signInAs = ({ id }: Person, headers: Record<string, string> = {}) =>
    page.context().request.post(`/sign-in-as/${id}`, { headers })
  return {
    page,
    host,
    visit: async (path, person) => {
      if (person) await signInAs(person)
      await page.goto(BASE + path)
    },
    begin: ({ id }) => page.context().request.post(`/begin-as/${id}`),
    another: async (userAgent, person = ada, ip = '203.0.113.7') => {
      const answer = await host.browser(userAgent).post(`/sign-in-as/${person.id}`, {}, { 'X-Forwarded-For': ip })
      assert.equal(answer.status, 200)
    },
  }
}

/** Fills in fields by name, and presses the button of the form that is seen. */
export async function send(page: Page, action: string, fields: Record<string, string> = {}): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.locator(`[name=${name}]`).fill(value)
  await page.locator(`form[action$="${action}"] [type=submit]:not([formmethod]):visible`).first().click()
}

function hostRoutes(app: Express, security: Security): void {
  for (const [path, method] of [
    ['sign-in', 'fed'],
    ['begin', 'pwd'],
  ] as const)
    app.post(`/${path}-as/:id`, (req, res, next) => {
      const person = people.find(({ id }) => id === req.params.id)!
      security.signIn(req, person, { amr: [method] }).then(() => res.json({}), next)
    })
  const account =
    '<form method="post" action="/payout-account"><input name="iban" aria-label="IBAN"><button type="submit">Save</button></form>'
  app.get('/payout-account', (_req, res) => void res.send(hostPage('en', account)))
  app.post('/payout-account', security.requireStepUp({ action: 'Change the payout account' }), (_req, res) => {
    res.send('changed')
  })
  app.get('/contracts', security.requireStepUp({ amr: ['hwk'], action: 'Sign the contract' }), (_req, res) => {
    res.send('signed')
  })
  /** A guard or a call of ours that fails: any of them ends at our error handler. */
  app.get('/fails/:code', (req, _res, next) => {
    const retryAfter = Number(req.query.wait)
    next(new SecurityError(req.params.code as ErrorCode, retryAfter ? { extra: { retryAfter } } : {}))
  })
  app.get('/settings', security.requireSession(), (req, res, next) => {
    const language = req.acceptsLanguages('en', 'de') || 'en'
    security.fragments.sessions(req).then((list) => res.send(hostPage(language, list)), next)
  })
}

const hostPage = (language: string, content: string) =>
  `<!doctype html><html lang="${language}"><head><title>Settings</title>
  <link rel="icon" href="data:,"></head><body><main><h1>Settings</h1>${content}</main></body></html>`
