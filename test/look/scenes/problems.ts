import { sql } from 'kysely'
import type { Page } from 'playwright-core'
import { openDatabase } from '../../../src/stores/sql/database.js'
import type { Chromium } from '../../support/chromium.js'
import { until } from '../../support/clock.js'
import type { Person } from '../../support/host.js'
import { GUESSED } from '../cast.js'
import { DEVICES } from '../devices.js'
import { fillIn, press, spoilToken, visit, type Chapter } from '../scene.js'
import { openPage, type Stage } from '../stage.js'
import { openHost } from './guests.js'

/** The app keeps her password itself, and takes its time to verify it. */
const slow: Person = { id: 'slow', email: 'slow@acme.test', name: 'Saga Lind' }

/** Somebody signs in while the one place for that is taken, and nobody may wait. */
async function comeSecond(chromium: Chromium): Promise<Page> {
  let isTaken = false
  const { url } = await openHost({
    people: [],
    passwords: { hashing: { concurrent: 1, waiting: 0 } },
    users: {
      findById: () => slow,
      findByEmail: () => slow,
      verifyPassword: () => {
        isTaken = true
        return new Promise<boolean>(() => {}) // given up after five seconds
      },
    },
    routes: (app, security) =>
      app.post('/sign-in-as-slow', (req, res, next) => {
        security.signIn(req, slow, { amr: ['fed'] }).then(() => res.json({}), next)
      }),
  })
  const [first, second] = await Promise.all([DEVICES.mac, DEVICES.phone].map((each) => openPage(chromium, url, each)))
  await visit(second!, '/sign-in')
  await fillIn(second!, { email: 'lin@initech.test', password: 'Amber-Window-31-Tides' })
  await first!.request.post('/sign-in-as-slow')
  await visit(first!, '/step-up')
  await fillIn(first!, { password: 'Amber-Window-31-Tides' })
  await first!.getByRole('button', { name: 'Confirm' }).click({ noWaitAfter: true })
  await until('the one place is taken', () => isTaken)
  await press(second!, 'Sign in')
  return second!
}

/** From now on the demo's database answers nothing about sessions. */
async function breakDatabase({ database }: Stage): Promise<void> {
  const db = await openDatabase(database)
  await sql`alter table security_sessions rename to security_sessions_gone`.execute(db)
  await db.destroy()
}

export const problems: Chapter = {
  title: 'When something is in the way',
  scenes: [
    {
      name: 'not-found-visitor',
      about: 'An address where there is nothing, for a visitor.',
      seen: 'Page not found',
      lead: async (stage) => visit(await stage.open(DEVICES.officePc), '/nothing'),
    },
    {
      name: 'not-found',
      about: 'The same for somebody who is signed in.',
      seen: 'Page not found',
      lead: (_, { lin }) => visit(lin, '/nothing'),
    },
    {
      name: 'not-possible',
      about: 'The address of a form, opened as a page.',
      seen: 'This address cannot be opened by itself',
      lead: (_, { lin }) => visit(lin, '/password'),
    },
    {
      name: 'form-too-old',
      about: 'A form that was open for too long, or was sent from elsewhere.',
      seen: 'Please send this form again',
      lead: async (_, { lin }) => {
        await visit(lin, '/')
        await spoilToken(lin)
        await press(lin, 'Sign out')
        return lin
      },
    },
    {
      name: 'too-many-attempts',
      about: 'Somebody has guessed a password too often.',
      seen: 'Please wait',
      lead: async (stage) => {
        const page = await visit(await stage.open(DEVICES.script), '/sign-in')
        await fillIn(page, { email: GUESSED, password: 'one more guess' })
        await press(page, 'Sign in')
        return page
      },
      alsoAs: ['phone-dark'],
    },
    {
      name: 'busy',
      about: 'More people sign in than can be let in at once.',
      seen: 'Many people are signing in right now',
      lead: ({ chromium }) => comeSecond(chromium),
    },
    {
      name: 'unavailable',
      about: 'The database does not answer: nobody is signed out.',
      seen: 'Back in a moment',
      lead: async (stage, { lin }) => {
        await breakDatabase(stage)
        return visit(lin, '/')
      },
    },
  ],
}
