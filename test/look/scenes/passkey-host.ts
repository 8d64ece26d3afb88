import type { BrowserContextOptions, Page } from 'playwright-core'
import { openDatabase } from '../../../src/stores/sql/database.js'
import type { Chromium } from '../../support/chromium.js'
import type { Host, Person } from '../../support/host.js'
import { DEVICES } from '../devices.js'
import { fillIn, press, visit } from '../scene.js'
import { NOW, openPage } from '../stage.js'
import { openHost } from './guests.js'

const DAY_MS = 86_400_000

/** Works where some pages want a fresh passkey, and one form a fresh proof. */
const ida: Person = { id: 'ida', email: 'ida@acme.test', name: 'Ida Brandt' }
const rule = { isEnforced: false }

const ACCOUNT = `<!doctype html><html lang="en"><title>Payout account</title>
  <form method="post"><input name="iban" aria-label="IBAN"><button>Save</button></form></html>`

interface Opened {
  host: Host
  chromium: Chromium
  /** Where Ida is signed in. */
  page: Page
}

let opened: Promise<Opened> | undefined

async function open(chromium: Chromium): Promise<Opened> {
  const host = await openHost({
    people: [ida],
    twoFactor: { enforced: () => rule.isEnforced },
    routes: (app, security) => {
      app.get('/contracts', security.requireStepUp({ amr: ['hwk'], action: 'Sign the contract' }), (_req, res) => {
        res.send('signed')
      })
      app.get('/payout-account', (_req, res) => void res.send(ACCOUNT))
      app.post('/payout-account', security.requireStepUp({ action: 'Change the payout account' }), (_req, res) => {
        res.send('changed')
      })
    },
  })
  const page = await openPage(chromium, host.url, DEVICES.laptop)
  await signIn(page)
  await page.waitForURL(host.url + '/')
  return { host, chromium, page }
}

/** Ida's browser, and the app. */
export const atIdas = (chromium: Chromium): Promise<Opened> => (opened ??= open(chromium))

async function signIn(page: Page): Promise<void> {
  await visit(page, '/sign-in')
  await fillIn(page, { email: ida.email, password: 'Maple-Canyon-64-Drift' })
  await page.locator('.sp-form [type=submit]').click()
}

/** A browser of Ida's that knows nothing. */
export const anotherOfIdas = ({ chromium, host }: Opened, options: BrowserContextOptions = {}): Promise<Page> =>
  openPage(chromium, host.url, DEVICES.laptop, options)

/** The same session in a browser with other settings. */
export async function alsoAtIdas(ida: Opened, options: BrowserContextOptions): Promise<Page> {
  const storageState = await ida.page.context().storageState()
  return anotherOfIdas(ida, { ...options, storageState })
}

/** The second half of a sign-in, where a second factor is required. */
export async function beginAtIdas(ida: Opened): Promise<Page> {
  const page = await anotherOfIdas(ida)
  rule.isEnforced = true
  await signIn(page)
  await page.waitForURL('**/two-factor**')
  rule.isEnforced = false
  return page
}

/** Two passkeys, as others have them after a while. */
export async function givePasskeys({ host }: Opened): Promise<void> {
  const db = await openDatabase(host.database)
  const row = { user_id: ida.id, public_key: 'none', sign_count: 0, transports: '[]' }
  const kinds = [
    {
      name: 'iCloud Keychain',
      aaguid: 'fbfc3007-154e-4ecc-8c0b-6e020557d7bd',
      synced: 1,
      used: 2 * 3_600_000,
      added: 40,
    },
    { name: 'Key in the drawer', aaguid: '00000000-0000-0000-0000-000000000000', synced: 0, used: null, added: 3 },
  ] as const
  for (const [i, { name, aaguid, synced, used, added }] of kinds.entries())
    await db
      .insertInto('security_passkeys')
      .values({
        ...row,
        id: `ida-${i}`,
        credential_id: `ida-${i}`,
        name,
        aaguid,
        synced,
        created_at: NOW - added * DAY_MS,
        last_used_at: used === null ? null : NOW - used,
      })
      .execute()
  await db.destroy()
}

/** Ida's own app, set up and confirmed by `code`. */
export async function confirmApp(page: Page, code: string): Promise<void> {
  await fillIn(page, { code })
  await press(page, 'Confirm')
  await page.getByLabel('I have saved these codes').check()
  await press(page, 'Done')
}
