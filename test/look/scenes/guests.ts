import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { navigation } from '../../../demo/navigation.js'
import { StillClock } from '../../support/clock.js'
import type { Chromium } from '../../support/chromium.js'
import { startHost, type Host, type HostOptions, type Person } from '../../support/host.js'
import { DEVICES } from '../devices.js'
import { fillIn, press, visit } from '../scene.js'
import { BASE, NOW, openPage, PRODUCT } from '../stage.js'

/** People whom the demo does not have. */
const GUESTS: Record<string, Person> = {
  long: { id: 'long', email: `${'maximilia'.repeat(20)}@acme.test`, name: 'Maximilia'.repeat(23).slice(0, 200) },
  noor: { id: 'noor', email: 'noor@acme.test', name: 'نور الهدى بنت عبد الرحمن' },
}

const DAYS_40_MS = 40 * 86_400_000
const hosts: Host[] = []

const LIKE_THE_DEMO: HostOptions = {
  basePath: BASE,
  productName: PRODUCT,
  pages: { navigation },
  securityContact: 'mailto:security@ledgerly.test',
  mail: async () => {}, // nobody reads it
}

/** An app in this process, for what the demo cannot be brought to do. */
export async function openHost(options: HostOptions): Promise<Host> {
  const clock = new StillClock(NOW - DAYS_40_MS)
  const host = await startHost({ ...LIKE_THE_DEMO, clock, ...options })
  hosts.push(host)
  for (const { id } of options.people ?? []) await host.security.passwords.set(id, 'Maple-Canyon-64-Drift')
  clock.advance(DAYS_40_MS)
  return host
}

export async function closeHosts(): Promise<void> {
  await Promise.all(hosts.splice(0).map((host) => host.close()))
}

let guests: Promise<Host> | undefined

/** The Security page of a guest. */
export async function openGuest(chromium: Chromium, id: string): Promise<Page> {
  guests ??= openHost({
    people: Object.values(GUESTS),
    routes: (app, security) =>
      app.post('/sign-in-as/:id', (req, res, next) => {
        security.signIn(req, GUESTS[req.params.id]!, { amr: ['pwd'] }).then(() => res.json({}), next)
      }),
  })
  const { url } = await guests
  const page = await openPage(chromium, url, DEVICES.laptop)
  const answer = await page.request.post(`/sign-in-as/${id}`)
  assert.equal(answer.status(), 200, await answer.text())
  return visit(page, '/')
}

/** Works where two-factor is required, and browsers can be trusted. */
const nora: Person = { id: 'nora', email: 'nora@acme.test', name: 'Nora Vance' }

let strict: Promise<{ host: Host; page: Page }> | undefined

/** Nora's browser, after the first half of a sign-in; or where it is. */
export async function openEnforced(chromium: Chromium, where: 'anew' | 'here' = 'anew'): Promise<Page> {
  strict ??= openHost({ people: [nora], twoFactor: { enforced: true, trustBrowser: '30d' } }).then(async (host) => ({
    host,
    page: await openPage(chromium, host.url, DEVICES.laptop),
  }))
  const { page } = await strict
  if (where === 'here') return page
  await visit(page, '/sign-in')
  await fillIn(page, { email: nora.email, password: 'Maple-Canyon-64-Drift' })
  await press(page, 'Sign in')
  await page.waitForURL('**/two-factor**')
  return page
}
