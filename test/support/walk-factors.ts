import { Authenticator, STEP_MS } from './authenticator.js'
import { BASE, type Browser, type Page } from './browser.js'
import { grace, PASSWORDS, type Host } from './host.js'

export type See = (name: string, page: Page) => void

const MINUTE_MS = 60_000
const PASSWORD = PASSWORDS.u2!

/** The first half of Grace's sign-in, in a browser of its own or in this one; resolves with the page it leads to. */
export async function begins(host: Host, browser = host.browser()): Promise<[Browser, Page]> {
  const answer = await browser.signIn(grace, PASSWORD)
  return [browser, await browser.follow(answer)]
}

/** The app that was set up with the key on this page. */
const appOn = (page: Page, host: Host) =>
  new Authenticator(page.$('[data-totp-secret]').first().text().replaceAll(' ', ''), host.clock)

/** Confirms the app that is on this page; resolves with the recovery codes' page. */
async function confirms(browser: Browser, page: Page, host: Host): Promise<[Authenticator, Page]> {
  const { secret } = appOn(page, host)
  const code = new Authenticator(secret, host.clock).next()
  const shown = await browser.submit(page, '/totp/confirm', { code })
  const codes = shown
    .$('[data-recovery-code]')
    .map((_, each) => shown.$(each).text())
    .get()
  host.clock.advance(STEP_MS)
  return [new Authenticator(secret, host.clock, codes), shown]
}

/** Grace sets an app up; resolves with it. */
export async function walkEnrolment(host: Host, browser: Browser, see: See): Promise<Authenticator> {
  const begun = await browser.follow(await browser.submit(await browser.visit(`${BASE}/`), '/totp/enrol'))
  see('setting up an app', begun)
  const app = appOn(begun, host)
  see('setting up, wrong code', await browser.submit(begun, '/totp/confirm', { code: app.wrong() }))
  see('setting up, left empty', await browser.submit(begun, '/totp/confirm', { code: '' }))
  see('setting up, clock off', await browser.submit(begun, '/totp/confirm', { code: app.code(3 * STEP_MS) }))
  host.clock.advance(11 * MINUTE_MS)
  const late = await browser.visit(`${BASE}/totp/enrol`)
  see('setting up, too late', late)
  const asked = await browser.follow(await browser.submit(late, '/totp/enrol'))
  see('step-up for a form that waits', asked)
  const again = await browser.follow(await browser.submit(asked, '/step-up', { password: PASSWORD }))
  const [confirmed, codes] = await confirms(browser, again, host)
  see('recovery codes', codes)
  see('recovery codes, not saved', await browser.follow(await browser.submit(codes, '/recovery-codes/saved')))
  see(
    'recovery codes, saved',
    await browser.follow(await browser.submit(codes, '/recovery-codes/saved', { saved: 'on' })),
  )
  return confirmed
}

/** What the card of second factors leads to; resolves with the app that is good at the end. */
export async function walkCard(host: Host, browser: Browser, old: Authenticator, see: See): Promise<Authenticator> {
  const card = await browser.visit(`${BASE}/`)
  see('not disabled', await browser.submit(card, '/totp/disable', { code: old.wrong() }))
  const recoveryCode = 'aaaa-aaaa-aaaa-aaaa'
  see('not disabled, wrong recovery code', await browser.submit(card, '/totp/disable', { recoveryCode }))
  const replacing = await browser.follow(await browser.submit(card, '/totp/enrol'))
  see('replacing the app', replacing)
  const [app, replaced] = await confirms(browser, replacing, host)
  see('app replaced', replaced)
  const fresh = await browser.visit(`${BASE}/`)
  const regenerated = await browser.submit(fresh, '/recovery-codes/regenerate')
  see('recovery codes regenerated', regenerated)
  see('409 sent twice', await browser.submit(fresh, '/recovery-codes/regenerate'))
  const codes = regenerated
    .$('[data-recovery-code]')
    .map((_, each) => regenerated.$(each).text())
    .get()
  return new Authenticator(app.secret, host.clock, codes)
}

/** The second half of a sign-in. */
export async function walkSignIn(host: Host, app: Authenticator, see: See): Promise<Browser> {
  const [over, open] = await begins(host)
  host.clock.advance(11 * MINUTE_MS)
  see('two-factor open for too long', await over.follow(await over.submit(open, '/two-factor', { code: app.code() })))
  const [browser, page] = await begins(host)
  see('two-factor', page)
  const gives = (fields: Record<string, string>) => browser.submit(page, '/two-factor', fields)
  see('two-factor, wrong code', await gives({ code: app.wrong() }))
  see('two-factor, left empty', await gives({ code: '' }))
  see('two-factor, clock off', await gives({ code: app.code(-3 * STEP_MS) }))
  see('two-factor, a passkey that is none', await gives({ passkey: '{}' }))
  const other = await browser.visit(`${BASE}/two-factor?using=recovery_code`)
  see('two-factor, recovery code', other)
  see(
    'two-factor, wrong recovery code',
    await browser.submit(other, '/two-factor', { recoveryCode: 'aaaa-aaaa-aaaa-aaaa' }),
  )
  host.clock.advance(MINUTE_MS)
  see('two-factor, too many codes', await browser.follow(await gives({ code: app.wrong() })))
  host.clock.advance(60 * MINUTE_MS)
  for (const recoveryCode of app.recoveryCodes.slice(0, 5)) {
    const [away] = await begins(host)
    const form = await away.visit(`${BASE}/two-factor?using=recovery_code&returnTo=${BASE}/`)
    see('few recovery codes left', await away.follow(await away.submit(form, '/two-factor', { recoveryCode })))
  }
  const [trusted, half] = await begins(host)
  const code = app.next()
  await trusted.submit(half, '/two-factor', { code, trustBrowser: 'on' })
  const [late, used] = await begins(host)
  see('two-factor, code used already', await late.submit(used, '/two-factor', { code }))
  return trusted
}

/** Grace confirms that it is her, with what she has now. */
export async function walkStepUp(host: Host, browser: Browser, app: Authenticator, see: See): Promise<void> {
  host.clock.advance(11 * MINUTE_MS)
  const page = await browser.follow(await browser.visit('/payouts'))
  see('step-up with a code', page)
  see('step-up, wrong code', await browser.submit(page, '/step-up', { code: app.wrong() }))
  see('step-up with a recovery code', await browser.visit(`${BASE}/step-up?using=recovery_code`))
  see('step-up with an action named', await browser.follow(await browser.visit('/payee')))
  const waiting = await browser.follow(await browser.post('/payee', { iban: 'PT50' }))
  see('step-up for a form of the host', waiting)
  see('a form goes on', await browser.submit(waiting, '/step-up', { code: app.next() }))
}
