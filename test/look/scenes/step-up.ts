import { offCode, setUp } from '../authenticator-app.js'
import { fillIn, press, visit, type Chapter } from '../scene.js'
import { atIdas, confirmApp } from './passkey-host.js'

const LATE_MS = 11 * 60_000

export const stepUp: Chapter = {
  title: 'Step-up',
  scenes: [
    {
      name: 'step-up-passkey',
      about: 'A page that wants a fresh passkey says what for.',
      seen: 'confirm with your passkey',
      lead: async ({ chromium }) => {
        const { page } = await atIdas(chromium)
        await page.goto('/contracts')
        return page
      },
    },
    {
      name: 'step-up-password-or-passkey',
      about: 'Who has a passkey beside the password chooses.',
      seen: 'enter your password again',
      lead: async ({ chromium }) => {
        const { page, host } = await atIdas(chromium)
        host.clock.advance(LATE_MS)
        await page.goto('/payouts')
        return page
      },
    },
    {
      name: 'step-up-code',
      about: 'With two-factor, by a code; or by what else there is.',
      seen: 'enter a code from your authenticator app',
      lead: async ({ chromium }) => {
        const { page, host } = await atIdas(chromium)
        await fillIn(page, { password: 'Maple-Canyon-64-Drift' })
        await press(page, 'Confirm')
        await page.waitForURL('**/payouts')
        await visit(page, '/')
        await press(page, 'Enable two-factor')
        await setUp(page)
        await confirmApp(page, offCode(page, LATE_MS))
        host.clock.advance(LATE_MS)
        await page.goto('/payouts')
        return page
      },
      alsoAs: ['phone-dark'],
    },
    {
      name: 'step-up-form',
      about: 'A form that was sent waits, and is kept: the page says what for.',
      seen: 'What you typed is kept for ten minutes.',
      lead: async ({ chromium }) => {
        const { page } = await atIdas(chromium)
        await page.goto('/payout-account')
        await fillIn(page, { iban: 'PT50 0002 0123 1234 5678 9015 4' })
        await press(page, 'Save')
        return page
      },
    },
    {
      name: 'step-up-continue',
      about: 'It is sent when its user says so.',
      seen: 'Nothing was sent yet.',
      lead: async ({ chromium }) => {
        const { page } = await atIdas(chromium)
        await fillIn(page, { code: offCode(page, 2 * LATE_MS) })
        await press(page, 'Confirm')
        return page
      },
      alsoAs: ['phone-dark'],
    },
  ],
}
