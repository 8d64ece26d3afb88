import { demoPasswords } from '../../../demo/people.js'
import { DEVICES } from '../devices.js'
import { fillIn, press, visit, type Chapter } from '../scene.js'
import { also } from '../stage.js'
import { openGuest } from './guests.js'

const GERMAN = { locale: 'de-DE' }

/** A password that keeps every rule. */
const GOOD = 'Violet-Kettle-77-Moor'
const given = (newPassword: string, confirmPassword: string) => ({ newPassword, confirmPassword })

export const security: Chapter = {
  title: 'Security',
  scenes: [
    {
      name: 'security',
      about: 'Where members change their password and see where they are signed in.',
      seen: 'Last changed',
      lead: (_, { ada }) => visit(ada, '/'),
      alsoAs: ['phone-dark'],
    },
    {
      name: 'security-one-device',
      about: 'The same for somebody who is signed in nowhere else.',
      seen: 'This is the only device',
      lead: (_, { lin }) => visit(lin, '/'),
    },
    {
      name: 'security-many-devices',
      about: 'With fifty devices: the five last used, and a link to all of them.',
      seen: 'See all 50 sessions',
      lead: (_, { edsger }) => visit(edsger, '/'),
    },
    {
      name: 'security-single-sign-on',
      about: 'For a member whose organization signs them in: no password form that cannot work.',
      seen: 'Managed by your identity provider',
      lead: (_, { tove }) => visit(tove, '/'),
    },
    {
      name: 'password-typing',
      about: 'While a new password is typed the rules that it keeps are ticked off.',
      seen: 'Your new password must',
      lead: async (_, { grace }) => {
        await visit(grace, '/')
        await fillIn(grace, { currentPassword: demoPasswords.u2!, newPassword: 'violet kettle 7' })
        return grace
      },
      alsoAs: ['phone-dark'],
    },
    {
      name: 'password-refused',
      about: 'A password that breaks rules: how many is said above, and the list marks them.',
      seen: 'It does not meet 4 of the rules.',
      lead: async (_, { grace }) => {
        await visit(grace, '/')
        await fillIn(grace, { currentPassword: demoPasswords.u2!, ...given('grace okafor', 'grace okafor') })
        await press(grace, 'Change password')
        return grace
      },
    },
    {
      name: 'password-wrong',
      about: 'The current password was not right, and the new ones differ.',
      seen: 'This is not your current password.',
      lead: async (_, { grace }) => {
        await visit(grace, '/')
        await fillIn(grace, { currentPassword: 'my old one', ...given(GOOD, 'Violet-Kettle-77-Moon') })
        await press(grace, 'Change password')
        return grace
      },
    },
    {
      name: 'password-changed',
      about: 'Done: what happened, also to the other devices.',
      seen: 'Your password was changed, and one other device was signed out.',
      lead: async (_, { grace }) => {
        await visit(grace, '/')
        await fillIn(grace, { currentPassword: demoPasswords.u2!, ...given(GOOD, GOOD) })
        await press(grace, 'Change password')
        return grace
      },
    },
    {
      name: 'security-german',
      about: 'In German, as the browser asks for it.',
      seen: 'Passwort ändern',
      lead: async (stage, { ada }) => visit(await also(stage, ada, DEVICES.laptop, GERMAN), '/'),
    },
    {
      name: 'security-long-name',
      about: 'With a name of 200 characters, and an e-mail address as long as they may be.',
      seen: 'This is the only device',
      lead: ({ chromium }) => openGuest(chromium, 'long'),
    },
    {
      name: 'security-right-to-left-name',
      about: 'With a name that is written from right to left.',
      seen: 'This is the only device',
      lead: ({ chromium }) => openGuest(chromium, 'noor'),
    },
  ],
}
