import { deepEqual, equal, match } from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { Authenticator } from '../support/authenticator.js'
import { BASE } from '../support/browser.js'
import { launchChromium, type Chromium, type Visitor } from '../support/chromium.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'
import { addAuthenticator, type VirtualAuthenticator } from '../support/virtual-authenticator.js'

const TEN_MINUTES = 600_000

for (const javaScriptEnabled of [true, false])
  describe(`Ada and her second factor, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    let chromium: Chromium
    let host: Host
    let visitor: Visitor
    let page: Page
    let authenticator: VirtualAuthenticator
    let phone: Authenticator
    let recoveryCodes: string[]
    before(async () => {
      chromium = await launchChromium()
      host = await startHost({ afterSignIn: `${BASE}/` })
      visitor = await chromium.visitor(host.url, { javaScriptEnabled })
      page = visitor.page
      if (javaScriptEnabled) authenticator = await addAuthenticator(page)
    })
    after(async () => {
      await chromium?.close()
      await host?.close()
    })

    const button = (name: string) => page.getByRole('button', { name, exact: true })
    const heading = (name: string, level = 1) => page.getByRole('heading', { name, exact: true, level })
    const card = (name: string) => page.getByRole('article', { name, exact: true })

    async function typePassword(): Promise<void> {
      await page.goto(`${BASE}/sign-in`)
      await page.getByLabel('E-mail').fill(ada.email)
      await page.getByLabel('Password', { exact: true }).fill(PASSWORDS.u1!)
      await button('Sign in').click()
    }

    async function signOut(): Promise<void> {
      await page.goto(`${BASE}/`)
      await button('Sign out').click()
      await heading('Sign in').waitFor()
    }

    /** Reads the key off the page, as somebody does whose camera is broken, and confirms it. */
    async function setUp(): Promise<void> {
      const key = await page.locator('[data-totp-secret]').innerText()
      phone = new Authenticator(key.replaceAll(/\s/g, ''), host.clock)
      await page.getByLabel('Code', { exact: true }).fill(phone.next())
      await button('Confirm').click()
      await heading('Save your recovery codes').waitFor()
      recoveryCodes = await page.locator('[data-recovery-code]').allInnerTexts()
      equal(new Set(recoveryCodes).size, 8)
      await page.getByLabel('I have saved these codes').check()
      await button('Done').click()
      await page.getByText('Two-factor is set up, and your recovery codes are saved.').waitFor()
      match(await card('Two-factor').innerText(), /Enabled/)
    }

    it('turns it on with the key and the first code, and saves the recovery codes', async () => {
      await typePassword()
      await button('Enable two-factor').click()
      await heading('Set up your authenticator app').waitFor()
      await page.getByRole('img', { name: 'QR code for your authenticator app' }).waitFor()
      await setUp()
      match(await card('Two-factor').innerText(), /8 recovery codes left/)
    })

    it('signs in with the password and a code', async () => {
      await signOut()
      await typePassword()
      await heading('Enter your code').waitFor()
      await page.goto('/invoices')
      await heading('Enter your code').waitFor() // a guard leads back to what is owed
      await page.goto(`${BASE}/two-factor`)
      await page.getByLabel('Code', { exact: true }).fill(phone.next())
      await button('Sign in').click()
      await heading('Security').waitFor()
    })

    it('steps up to the payouts with a fresh code, ten minutes later', async () => {
      host.clock.advance(TEN_MINUTES + 1)
      await page.goto('/payouts')
      await page.getByLabel('Code', { exact: true }).fill(phone.wrong())
      await page.getByRole('main').getByRole('button').first().click()
      await page.getByRole('alert').waitFor()
      await page.getByLabel('Code', { exact: true }).fill(phone.next())
      await page.getByRole('main').getByRole('button').first().click()
      await page.waitForURL('**/payouts')
      match(await page.locator('body').innerText(), /paid/)
      visitor.problems.splice(0) // the host has no icon for its JSON
    })

    it('loses the phone, and signs in with a recovery code', async () => {
      await signOut()
      await typePassword()
      await page.getByRole('link', { name: 'Use a recovery code instead' }).click()
      await page.getByLabel('Recovery code', { exact: true }).fill(recoveryCodes[0]!.toUpperCase().replaceAll('-', ' '))
      await button('Sign in').click()
      await heading('Security').waitFor()
      match(await card('Two-factor').innerText(), /7 recovery codes left/)
    })

    it('replaces the authenticator', async () => {
      const lost = phone
      await button('Replace authenticator').click()
      await heading('Replace your authenticator app').waitFor()
      await setUp()
      match(await card('Two-factor').innerText(), /8 recovery codes left/)
      equal(lost.secret === phone.secret, false)
    })

    if (javaScriptEnabled)
      it('adds a passkey, and signs in with nothing else', async () => {
        await button('Add a passkey').click()
        await page.getByText('The passkey was added.').waitFor()
        await authenticator.present(false) // else the e-mail field's offer is taken at once
        await signOut()
        await button('Sign in with a passkey').waitFor()
        await authenticator.present(true)
        await button('Sign in with a passkey').click()
        await heading('Security').waitFor()
        await authenticator.present(false)
      })

    it('turns it off with a code, after having read what that means', async () => {
      await page.getByText('Disable two-factor').first().click()
      await page.getByText('This makes your account less secure').waitFor()
      await page.getByLabel('Code', { exact: true }).fill(phone.next())
      await button('Disable two-factor').click()
      await page.getByText('Two-factor is disabled.').waitFor()
      match(await card('Two-factor').innerText(), /Disabled/)
      await signOut()
      await typePassword()
      await heading('Security').waitFor()
      deepEqual(visitor.problems, [])
    })
  })
