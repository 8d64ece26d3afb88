import { deepEqual, equal } from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { codeAt } from '../support/authenticator.js'
import { BASE } from '../support/browser.js'
import { launchChromium, type Chromium, type Visitor } from '../support/chromium.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'
import { addAuthenticator, type VirtualAuthenticator } from '../support/virtual-authenticator.js'

describe('Passkeys in Chromium', () => {
  let chromium: Chromium
  let host: Host
  let visitor: Visitor
  let page: Page
  let authenticator: VirtualAuthenticator
  let enforced: boolean
  before(async () => (chromium = await launchChromium()))
  after(() => chromium.close())
  beforeEach(async () => {
    enforced = false
    host = await startHost({ afterSignIn: `${BASE}/`, twoFactor: { enforced: () => enforced } })
    visitor = await chromium.visitor(host.url)
    page = visitor.page
    authenticator = await addAuthenticator(page)
  })
  afterEach(async () => {
    await visitor.close()
    await host.close()
  })

  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const isAtHome = () => page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()

  async function typePassword(): Promise<void> {
    await page.goto(`${BASE}/sign-in`)
    await page.getByLabel('E-mail').fill(ada.email)
    await page.getByLabel('Password', { exact: true }).fill(PASSWORDS.u1!)
    await button('Sign in').click()
  }

  async function addPasskey(): Promise<void> {
    await typePassword()
    await button('Add a passkey').click()
    await page.getByText('The passkey was added.').waitFor()
  }

  /** Nobody touches the authenticator on the way, so that the e-mail field offers the passkey and no more. */
  async function signOut({ offersInField = false } = {}): Promise<void> {
    if (!offersInField) await page.addInitScript('delete PublicKeyCredential.isConditionalMediationAvailable')
    await authenticator.present(false)
    await page.context().clearCookies()
    await page.goto(`${BASE}/sign-in`)
    await button('Sign in with a passkey').waitFor()
  }

  it('is added, renamed and removed', async () => {
    await addPasskey()
    equal((await authenticator.credentials()).length, 1)

    await page.getByText('Rename or remove').click()
    await page.getByLabel('Name').fill('Laptop of Ada')
    await button('Save name').click()
    await page.getByText('The passkey is now called Laptop of Ada.').waitFor()

    await page.getByText('Rename or remove').click()
    await button('Remove passkey').click()
    await page.getByText('The passkey Laptop of Ada was removed.').waitFor()
    deepEqual(visitor.problems, [])
  })

  it('signs in by the button', async () => {
    await addPasskey()
    await signOut()
    await authenticator.present(true)
    await button('Sign in with a passkey').click()
    await isAtHome()
    deepEqual(visitor.problems, [])
  })

  it('signs in from the e-mail field, without a click on our page', async () => {
    await addPasskey()
    await signOut({ offersInField: true })
    equal(await page.getByLabel('E-mail').getAttribute('autocomplete'), 'username webauthn')
    await authenticator.present(true) // the person has picked it from the list that the browser shows
    await page.reload().catch(() => {}) // it may be signed in before it has loaded
    await isAtHome()
    deepEqual(visitor.problems, [])
  })

  it('says so when the browser is asked, and nobody confirms', async () => {
    await addPasskey()
    await signOut()
    await authenticator.verified(false)
    await authenticator.present(true)
    await button('Sign in with a passkey').click()
    await page.getByText('The passkey was not confirmed.').waitFor()
    deepEqual(visitor.problems, [])
  })

  it('is the second factor after the password', async () => {
    await addPasskey()
    enforced = true
    await signOut()
    await typePassword()
    await authenticator.present(true)
    await button('Use a passkey').click()
    await isAtHome()
    deepEqual(visitor.problems, [])
  })

  it('is a fresh proof, and what was asked for goes on', async () => {
    await addPasskey()
    enforced = true // so the password alone is no proof
    host.clock.advance(11 * 60_000)
    await page.getByText('Rename or remove').click()
    await button('Remove passkey').click()
    await page.getByRole('heading', { name: 'Confirm it is you' }).waitFor()
    enforced = false
    await button('Use a passkey').click()
    await page.getByText('The passkey Passkey was removed.').waitFor()
  })

  it('turns two-factor off when the phone is not at hand', async () => {
    await addPasskey()
    await button('Enable two-factor').click()
    const secret = (await page.locator('[data-totp-secret]').innerText()).replaceAll(' ', '')
    await page.getByLabel('Code', { exact: true }).fill(codeAt(secret, host.clock.now()))
    await button('Confirm').click()
    await page.getByLabel('I have saved these codes').check()
    await button('Done').click()
    await page.locator('summary').filter({ hasText: 'Disable two-factor' }).click()
    await button('Disable with a passkey').click()
    await page.getByText('Two-factor is disabled.').waitFor()
    deepEqual(visitor.problems, [])
  })

  it('that was removed signs nobody in, and the page says so', async () => {
    await addPasskey()
    await page.getByText('Rename or remove').click()
    await button('Remove passkey').click()
    await page.getByText('was removed.').waitFor()
    await signOut()
    await authenticator.present(true)
    await button('Sign in with a passkey').click()
    await page.getByRole('heading', { name: 'This passkey cannot be used' }).waitFor()
  })

  it('leads to the step-up before one is added, when the last proof is old', async () => {
    await typePassword()
    host.clock.advance(11 * 60_000)
    await button('Add a passkey').click()
    await page.waitForURL(/step-up\?returnTo=/)
  })
})
