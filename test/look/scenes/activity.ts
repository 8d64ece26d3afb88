import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import type { Chromium } from '../../support/chromium.js'
import { ada } from '../../support/host.js'
import { DEVICES } from '../devices.js'
import { press, visit, type Chapter } from '../scene.js'
import { also, openPage } from '../stage.js'
import { openHost } from './guests.js'

const GERMAN = { locale: 'de-DE' }

/** Somebody whose password is 40 days old, in an app that reminds after 30. */
async function openReminded(chromium: Chromium): Promise<Page> {
  const { url } = await openHost({
    people: [ada],
    passwords: { rotationReminder: '30d' },
    routes: (app, security) =>
      app.post('/sign-in', (req, res, next) => {
        security.signIn(req, ada, { amr: ['pwd'] }).then(() => res.json({}), next)
      }),
  })
  const page = await openPage(chromium, url, DEVICES.laptop)
  const answer = await page.request.post('/sign-in')
  assert.equal(answer.status(), 200, await answer.text())
  return visit(page, '/')
}

export const activity: Chapter = {
  title: 'Activity, and making an account safe again',
  scenes: [
    {
      name: 'activity',
      about: 'What happened to the account, in plain words.',
      seen: 'You signed in with',
      lead: (_, { ada }) => visit(ada, '/activity'),
      alsoAs: ['phone-dark'],
    },
    {
      name: 'activity-older',
      about: 'The same for somebody to whom much has happened: the next page of it.',
      seen: 'Newest',
      lead: async (_, { edsger }) => {
        await visit(edsger, '/activity')
        await edsger.getByRole('link', { name: 'Older' }).click()
        return edsger
      },
    },
    {
      name: 'activity-filtered',
      about: 'Of one kind and time only; here nothing was.',
      seen: 'Nothing of this kind has happened in this time.',
      lead: (_, { ada }) => visit(ada, '/activity?kind=factors&within=7d'),
    },
    {
      name: 'activity-german',
      about: 'In German.',
      seen: 'Anmeldung mit Firefox',
      lead: async (stage, { ada }) => visit(await also(stage, ada, DEVICES.laptop, GERMAN), '/activity'),
    },
    {
      name: 'secure-account',
      about: 'For somebody whose account another person may have been in: what to do, one step after the other.',
      seen: '4 steps are left.',
      lead: (_, { ada }) => visit(ada, '/secure-account'),
      alsoAs: ['phone-dark'],
    },
    {
      name: 'secure-account-half-done',
      about: 'Three of the steps are done, the last of them just now.',
      seen: 'Your review of the activity is noted.',
      lead: async (_, { grace }) => {
        await visit(grace, '/secure-account')
        await press(grace, 'I have reviewed my activity')
        return grace
      },
    },
    {
      name: 'secure-account-single-sign-on',
      about: 'For a member whose organization signs them in: that keeps the password.',
      seen: 'Managed by your identity provider',
      lead: (_, { tove }) => visit(tove, '/secure-account'),
    },
    {
      name: 'password-due',
      about: 'Where the app reminds of a new password: it asks, and blocks nothing.',
      seen: 'Your password is 40 days old.',
      lead: ({ chromium }) => openReminded(chromium),
    },
  ],
}
