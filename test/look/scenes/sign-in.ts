import { AGENTS } from '../devices.js'
import { fillIn, press, spoilToken, visit, type Chapter } from '../scene.js'
import type { Stage } from '../stage.js'

/** Somebody whom we do not know yet. */
const visitor = (stage: Stage, options = {}) =>
  stage.open({ agent: AGENTS.chromeOnWindows, address: '192.0.2.201' }, options)

export const signIn: Chapter = {
  title: 'Signing in',
  scenes: [
    {
      name: 'sign-in',
      about: 'The way in, and nothing else.',
      seen: 'Keep me signed in',
      lead: async (stage) => visit(await visitor(stage), '/sign-in'),
      alsoAs: ['phone-dark'],
    },
    {
      name: 'sign-in-refused',
      about: 'E-mail or password is wrong: it does not say which; the e-mail is kept.',
      seen: 'E-mail or password is wrong.',
      lead: async (stage) => {
        const page = await visit(await visitor(stage), '/sign-in')
        await fillIn(page, { email: 'grace@acme.test', password: 'purple lantern' })
        await press(page, 'Sign in')
        return page
      },
    },
    {
      name: 'sign-in-form-too-old',
      about: 'The form was open for so long that it has to be sent again.',
      seen: 'This form was open for too long',
      lead: async (stage) => {
        const page = await visit(await visitor(stage), '/sign-in')
        await fillIn(page, { email: 'grace@acme.test', password: 'Purple-Lantern-42-Sails' })
        await spoilToken(page)
        await press(page, 'Sign in')
        return page
      },
    },
    {
      name: 'sign-in-signed-out',
      about: 'After signing out.',
      seen: 'You are signed out.',
      lead: async (_, { ada }) => {
        await visit(ada, '/')
        await press(ada, 'Sign out')
        return ada
      },
    },
    {
      name: 'sign-in-revoked',
      about: 'On a device that was signed out from another one.',
      seen: 'This device was signed out from another device.',
      lead: (_, { tablet }) => visit(tablet, '/'),
    },
    {
      name: 'sign-in-password-changed',
      about: 'On a device that was signed out because the password was changed elsewhere.',
      seen: 'Your password was changed.',
      lead: (_, { gracesPhone }) => visit(gracesPhone, '/'),
    },
    {
      name: 'sign-in-expired',
      about: 'After seven days.',
      seen: 'Your session has expired',
      lead: (_, { linsMac }) => visit(linsMac, '/'),
    },
    {
      name: 'sign-in-too-many-devices',
      about: 'On the device longest unused, when there were more than fifty.',
      seen: 'on too many devices',
      lead: (_, { edsgersFirst }) => visit(edsgersFirst, '/'),
    },
    {
      name: 'sign-in-german',
      about: 'In German, after a refusal.',
      seen: 'Angemeldet bleiben',
      lead: async (stage) => {
        const page = await visit(await visitor(stage, { locale: 'de-DE' }), '/sign-in')
        await fillIn(page, { email: 'lin@initech.test', password: 'Kupferkessel' })
        await press(page, 'Anmelden')
        return page
      },
    },
    {
      name: 'step-up',
      about: 'Before something sensitive, here the payouts: the password once more.',
      seen: 'enter your password again',
      lead: async (_, { lin }) => {
        await lin.goto('/payouts')
        return lin
      },
      alsoAs: ['phone-dark'],
    },
    {
      name: 'step-up-refused',
      about: 'It was not right.',
      seen: 'This is not your current password.',
      lead: async (_, { lin }) => {
        await lin.goto('/payouts')
        await fillIn(lin, { password: 'Copper-Kettle' })
        await press(lin, 'Confirm')
        return lin
      },
    },
    {
      name: 'step-up-single-sign-on',
      about: 'For somebody whose organization signs them in.',
      seen: 'through your organization',
      lead: async (_, { tove }) => {
        await tove.goto('/payouts')
        return tove
      },
    },
  ],
}
