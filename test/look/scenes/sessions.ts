import type { Page } from 'playwright-core'
import { DEVICES } from '../devices.js'
import { press, visit, type Chapter } from '../scene.js'
import { also } from '../stage.js'

const NO_SCRIPT = { javaScriptEnabled: false }

const rowOf = (page: Page, device: string) => page.getByRole('listitem').filter({ hasText: device })
const revoke = (page: Page, device: string, label = 'Revoke') =>
  rowOf(page, device).getByRole('link', { name: label }).click()

export const sessions: Chapter = {
  title: 'Active sessions',
  scenes: [
    {
      name: 'sessions',
      about: 'Every device that is signed in: what it is, where, and since when.',
      seen: 'Active sessions',
      lead: (_, { ada }) => visit(ada, '/sessions'),
    },
    {
      name: 'sessions-fifty',
      about: 'The same for somebody with as many as there may be, 25 to a page.',
      seen: 'Showing 1 to 25 of 50',
      lead: (_, { edsger }) => visit(edsger, '/sessions'),
    },
    {
      name: 'sessions-fifty-next',
      about: 'And the next page of them.',
      seen: 'Showing 26 to 50 of 50',
      lead: async (_, { edsger }) => {
        await edsger.getByRole('link', { name: 'Next' }).click()
        return edsger
      },
    },
    {
      name: 'revoke-dialog',
      about: '`Revoke` says which device it will sign out, and asks.',
      seen: 'Sign out Safari on iPad?',
      lead: async (_, { ada }) => {
        await visit(ada, '/sessions')
        await revoke(ada, 'iPad')
        return ada
      },
      inWindow: true,
      alsoAs: ['phone-dark'],
    },
    {
      name: 'revoke-page',
      about: 'The same question without script.',
      seen: 'Sign out Safari on iPad?',
      lead: async (stage, { ada }) => {
        const page = await visit(await also(stage, ada, DEVICES.laptop, NO_SCRIPT), '/sessions')
        await revoke(page, 'iPad')
        return page
      },
    },
    {
      name: 'revoke-page-german',
      about: 'And in German.',
      seen: 'Safari auf iPad abmelden?',
      lead: async (stage, { ada }) => {
        const german = { ...NO_SCRIPT, locale: 'de-DE' }
        const page = await visit(await also(stage, ada, DEVICES.laptop, german), '/sessions')
        await rowOf(page, 'iPad').getByRole('link').click()
        return page
      },
    },
    {
      name: 'revoke-others-dialog',
      about: '"Sign out everywhere else" says how many devices that are, and asks.',
      seen: 'Sign out everywhere else?',
      lead: async (_, { ada }) => {
        await visit(ada, '/sessions')
        await ada.getByRole('link', { name: 'Sign out everywhere else' }).click()
        return ada
      },
      inWindow: true,
    },
    {
      name: 'revoke-others-page',
      about: 'The same question without script.',
      seen: 'Sign out everywhere else?',
      lead: async (stage, { ada }) =>
        visit(await also(stage, ada, DEVICES.laptop, NO_SCRIPT), '/sessions/revoke-others'),
    },
    {
      name: 'session-revoked',
      about: 'Done: the device is signed out and no longer listed.',
      seen: 'Safari on iPad was signed out.',
      lead: async (_, { ada }) => {
        await visit(ada, '/sessions')
        await revoke(ada, 'iPad')
        await press(ada, 'Sign out device')
        return ada
      },
    },
    {
      name: 'others-revoked',
      about: 'Done: only this device is left.',
      seen: 'This is the only device',
      lead: async (_, { ada }) => {
        await visit(ada, '/sessions')
        await ada.getByRole('link', { name: 'Sign out everywhere else' }).click()
        await press(ada, 'Sign out everywhere else')
        return ada
      },
    },
  ],
}
