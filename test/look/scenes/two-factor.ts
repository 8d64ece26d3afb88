import type { Page } from 'playwright-core'
import { demoPasswords } from '../../../demo/people.js'
import { codeNow, offCode, setUp, still, STEP_MS } from '../authenticator-app.js'
import { DEVICES } from '../devices.js'
import { fillIn, press, visit, type Chapter } from '../scene.js'
import { also, type Stage } from '../stage.js'
import { openEnforced } from './guests.js'

const LIN = { email: 'lin@initech.test', password: demoPasswords.u5! }
const MINUTE = 60_000

/** The first half of a sign-in, at a device that Lin has never used. */
async function beginSignIn(stage: Stage, options = {}): Promise<Page> {
  const page = await visit(await stage.open(DEVICES.officePc, options), '/sign-in')
  await fillIn(page, LIN)
  await page.locator('.sp-form [type=submit]').click()
  await page.locator('[name=code]').waitFor()
  return page
}

async function pressAndWait(page: Page, button: string, selector: string): Promise<Page> {
  await press(page, button)
  await page.locator(selector).first().waitFor()
  return still(page)
}

const open = (page: Page, summary: string) => page.locator('summary').filter({ hasText: summary }).first().click()

export const twoFactor: Chapter = {
  title: 'Two-factor',
  scenes: [
    {
      name: 'two-factor-set-up',
      about: 'Setting up an authenticator app, in three steps.',
      seen: 'Scan the QR code',
      lead: async (_, { lin }) => {
        await lin.goto('/payouts')
        await fillIn(lin, { password: LIN.password })
        await press(lin, 'Confirm')
        await lin.waitForURL('**/payouts')
        await visit(lin, '/')
        await press(lin, 'Enable two-factor')
        return setUp(lin)
      },
      alsoAs: ['phone-dark'],
    },
    {
      name: 'two-factor-set-up-refused',
      about: 'The code was right for a phone whose clock is wrong, and says so; the QR code stays.',
      seen: '90 seconds off',
      lead: async (_, { lin }) => {
        await fillIn(lin, { code: offCode(lin, 3 * STEP_MS) })
        return pressAndWait(lin, 'Confirm', '.sp-errors')
      },
    },
    {
      name: 'recovery-codes',
      about: 'Eight recovery codes, shown once: to copy, to download, to print.',
      seen: 'I have saved these codes',
      lead: async (_, { lin }) => {
        await fillIn(lin, { code: offCode(lin, -STEP_MS) })
        return pressAndWait(lin, 'Confirm', '[data-recovery-code]')
      },
      alsoAs: ['phone-dark'],
    },
    {
      name: 'recovery-codes-never-saved',
      about: 'Somebody went on without saying that the codes are saved: the card asks again.',
      seen: 'Your recovery codes were never marked as saved.',
      lead: (_, { lin }) => visit(lin, '/'),
    },
    {
      name: 'recovery-codes-regenerated',
      about: 'New codes in the place of the old ones.',
      seen: 'These are your new recovery codes.',
      lead: (_, { lin }) => pressAndWait(lin, 'Regenerate recovery codes', '[data-recovery-code]'),
    },
    {
      name: 'two-factor-enabled',
      about: 'Done: the card tells since when it is on, and how many codes are left.',
      seen: 'your recovery codes are saved',
      lead: async (_, { lin }) => {
        await lin.getByLabel('I have saved these codes').check()
        await press(lin, 'Done')
        return lin
      },
      alsoAs: ['phone-dark'],
    },
    {
      name: 'two-factor-disable',
      about: 'Turning it off takes a code, or a recovery code where the phone is lost.',
      seen: 'This makes your account less secure',
      lead: async (_, { lin }) => {
        await visit(lin, '/')
        await open(lin, 'Disable two-factor')
        return lin
      },
    },
    {
      name: 'two-factor-not-disabled',
      about: 'The code was wrong.',
      seen: 'Two-factor was not disabled.',
      lead: async (_, { lin }) => {
        await fillIn(lin, { code: offCode(lin, 50 * STEP_MS) })
        await press(lin, 'Disable two-factor')
        return lin
      },
    },
    {
      name: 'two-factor-replace',
      about: 'Setting up a new phone: the old app works until the new one is confirmed.',
      seen: 'Replace your authenticator app',
      lead: async (_, { lin }) => {
        await visit(lin, '/')
        return pressAndWait(lin, 'Replace authenticator', '[data-totp-secret]')
      },
    },
    {
      name: 'two-factor-set-up-expired',
      about: 'Eleven minutes later: the QR code is good for ten.',
      seen: 'This QR code has expired',
      lead: async (stage, { lin }) => {
        stage.goTo(-11 * MINUTE)
        await visit(lin, '/totp/enrol')
        stage.goTo(0)
        return lin
      },
    },
    {
      name: 'two-factor',
      about: 'The second half of a sign-in.',
      seen: 'Enter your code',
      lead: (stage) => beginSignIn(stage),
      alsoAs: ['phone-dark'],
    },
    {
      name: 'two-factor-refused',
      about: 'The code was wrong.',
      seen: 'That code is wrong.',
      lead: async (stage, { lin }) => {
        const page = await beginSignIn(stage)
        await fillIn(page, { code: offCode(lin, 60 * STEP_MS) })
        await press(page, 'Sign in')
        return page
      },
    },
    {
      name: 'two-factor-recovery-code',
      about: 'With a recovery code instead.',
      seen: 'Enter a recovery code',
      lead: async (stage) => {
        const page = await beginSignIn(stage)
        await page.getByRole('link', { name: 'Use a recovery code instead' }).click()
        return page
      },
    },
    {
      name: 'two-factor-german',
      about: 'In German.',
      seen: 'Code eingeben',
      lead: (stage) => beginSignIn(stage, { locale: 'de-DE' }),
    },
    {
      name: 'security-two-factor-german',
      about: 'The Security page with two-factor, in German.',
      seen: 'Wiederherstellungscodes neu erzeugen',
      lead: async (stage, { lin }) => visit(await also(stage, lin, DEVICES.laptop, { locale: 'de-DE' }), '/'),
    },
    {
      name: 'two-factor-required',
      about: 'Where two-factor is required and not set up yet, nothing else opens.',
      seen: 'Set up two-factor to go on',
      lead: ({ chromium }) => openEnforced(chromium),
    },
    {
      name: 'two-factor-required-set-up',
      about: 'Setting it up, with no way around it.',
      seen: 'Scan the QR code',
      lead: async ({ chromium }) => {
        const page = await openEnforced(chromium)
        await press(page, 'Set up two-factor')
        return setUp(page)
      },
    },
    {
      name: 'two-factor-trust',
      about: 'Where browsers can be trusted for 30 days.',
      seen: 'Trust this browser for 30 days',
      lead: async ({ chromium }) => {
        const page = await openEnforced(chromium, 'here')
        await fillIn(page, { code: codeNow(page) })
        await pressAndWait(page, 'Confirm', '[data-recovery-code]')
        await page.getByLabel('I have saved these codes').check()
        await press(page, 'Done')
        await visit(page, '/')
        await press(page, 'Sign out')
        return openEnforced(chromium)
      },
    },
    {
      name: 'trusted-browsers',
      about: 'Trusted browsers, and a factor that has to stay.',
      seen: 'These are not asked for a code',
      lead: async ({ chromium }) => {
        const page = await openEnforced(chromium, 'here')
        await page.getByLabel('Trust this browser for 30 days').check()
        await fillIn(page, { code: offCode(page, STEP_MS) })
        await press(page, 'Sign in')
        return visit(page, '/')
      },
    },
  ],
}
