import { openDatabase } from '../../src/stores/sql/database.js'
import { STEP_MS, type Authenticator } from './authenticator.js'
import { BASE, type Browser } from './browser.js'
import { grace, PASSWORDS, type Host } from './host.js'
import { Authenticator as PasskeyAuthenticator } from './passkey-authenticator.js'
import { register, usePasskey } from './passkeys.js'
import { begins, walkCard, walkEnrolment, walkSignIn, walkStepUp, type See } from './walk-factors.js'

const MINUTE_MS = 60_000
/** As many as an account may have. */
const ALL = 20

/** Grace's way through second factors, passkeys and trusted browsers. */
export async function walkGrace(host: Host, see: See): Promise<void> {
  const enforce = (yes: boolean) => host.browser().post(`/enforce/${yes}`, {})
  await enforce(false)
  await host.security.members.resetTwoFactor(grace.id, { reason: 'walked before', passkeys: true })
  host.clock.advance(STEP_MS)
  const [browser] = await begins(host)
  see('step-up that wants a passkey', await browser.follow(await browser.visit('/by-passkey')))
  see('step-up that wants an app', await browser.follow(await browser.visit('/by-code')))
  await walkPasskeys(host, browser, see)
  await register(browser, new PasskeyAuthenticator(host.url), 'Blue key')
  const first = await walkEnrolment(host, browser, see)
  const app = await walkCard(host, browser, first, see)
  const trusted = await walkSignIn(host, app, see)
  await walkTrust(trusted, see)
  await walkStepUp(host, trusted, app, see)
  await walkEnforced(host, trusted, app, { see, enforce })
}

async function walkPasskeys(host: Host, browser: Browser, see: See): Promise<void> {
  const phone = new PasskeyAuthenticator(host.url, { syncs: true })
  await register(browser, phone, 'Phone')
  await usePasskey(host.browser(), phone)
  const added = await browser.visit(`${BASE}/`)
  see('passkey added', added)
  const { csrfToken } = added.fieldsOf('/sign-out') as { csrfToken: string }
  see('422 passkey', await browser.post(`${BASE}/passkeys/register`, { csrfToken, passkey: '{}' }))
  see('passkey without a name', await browser.submit(added, '/rename', { name: '' }))
  see('passkey renamed', await browser.follow(await browser.submit(added, '/rename', { name: 'My phone' })))
  host.clock.advance(11 * MINUTE_MS)
  see('step-up by password, with a passkey', await browser.follow(await browser.visit('/payouts')))
  see('step-up by passkey', await browser.visit(`${BASE}/step-up?using=passkey`))
  const asked = await browser.follow(await browser.submit(added, '/remove'))
  see('passkey removed', await browser.follow(await browser.submit(asked, '/step-up', { password: PASSWORDS.u2! })))
}

async function walkTrust(browser: Browser, see: See): Promise<void> {
  const page = await browser.visit(`${BASE}/`)
  see('trusted browsers', page)
  const removal = page.$('form[action*="/trusted-browsers/"]').first().attr('action')!
  see('trusted browser removed', await browser.follow(await browser.submit(page, removal)))
}

interface Enforced {
  see: See
  enforce: (yes: boolean) => Promise<unknown>
}

/** What somebody meets who must have a second factor; and somebody whose factors change meanwhile. */
async function walkEnforced(host: Host, browser: Browser, app: Authenticator, { see, enforce }: Enforced) {
  const before = await browser.visit(`${BASE}/`)
  await enforce(true)
  see('security, two-factor enforced', await browser.visit(`${BASE}/`))
  see('403 enforced', await browser.submit(before, '/totp/disable', { code: app.next() }))
  await enforce(false)
  await addPasskeys(host)
  const { csrfToken } = before.fieldsOf('/sign-out') as { csrfToken: string }
  see('409 passkeys', await browser.post(`${BASE}/passkeys/register/options`, { csrfToken }))
  const [lost, half] = await begins(host)
  await lost.submit(half, '/two-factor', { code: app.next() })
  const page = await browser.visit(`${BASE}/`)
  see('two-factor disabled', await browser.follow(await browser.submit(page, '/totp/disable', { code: app.next() })))
  see('factor changed elsewhere', await lost.follow(await lost.visit('/invoices')))
  await enforce(true)
  see('two-factor, passkey alone', (await begins(host))[1])
  await host.security.members.resetTwoFactor(grace.id, { reason: 'lost', passkeys: true })
  host.clock.advance(STEP_MS)
  const [enrolling, required] = await begins(host)
  see('two-factor required', required)
  see('two-factor required, set up', await enrolling.follow(await enrolling.submit(required, '/totp/enrol')))
  await enforce(false)
}

/** As many as there may be; straight into the database, since each would ask for a challenge first. */
async function addPasskeys({ database, clock }: Host): Promise<void> {
  const db = await openDatabase(database)
  const { length } = await db.selectFrom('security_passkeys').select('id').where('user_id', '=', grace.id).execute()
  const created_at = clock.now()
  const rows = Array.from({ length: ALL - length }, (_, i) => ({
    id: `walked-${i}`,
    user_id: grace.id,
    name: `FIDO ${i}`,
    created_at,
    last_used_at: null,
    credential_id: `walked-${i}`,
    public_key: 'none',
    sign_count: 0,
    transports: '[]',
    aaguid: '',
    synced: 0 as const,
  }))
  await db.insertInto('security_passkeys').values(rows).execute()
  await db.destroy()
}
