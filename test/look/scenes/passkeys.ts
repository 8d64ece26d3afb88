import { addAuthenticator } from '../../support/virtual-authenticator.js'
import { press, visit, type Chapter } from '../scene.js'
import { alsoAtIdas, anotherOfIdas, atIdas, beginAtIdas, givePasskeys } from './passkey-host.js'

export const passkeys: Chapter = {
  title: 'Passkeys',
  scenes: [
    {
      name: 'passkeys-none',
      about: 'No passkey yet: the card says what one is good for.',
      seen: 'Add a passkey',
      lead: async ({ chromium }) => visit((await atIdas(chromium)).page, '/'),
    },
    {
      name: 'step-up-passkey-missing',
      about: 'A page that wants a passkey, for somebody who has none.',
      seen: 'This needs a passkey, and you have none yet.',
      lead: async ({ chromium }) => {
        const { page } = await atIdas(chromium)
        await page.goto('/contracts')
        return page
      },
    },
    {
      name: 'passkeys',
      about: 'Two passkeys: one of a phone, synced, and a key that was never used.',
      seen: 'Key in the drawer',
      lead: async ({ chromium }) => {
        const ida = await atIdas(chromium)
        await givePasskeys(ida)
        return visit(ida.page, '/')
      },
      alsoAs: ['phone-dark'],
    },
    {
      name: 'passkeys-change',
      about: 'Renaming one, or removing it.',
      seen: 'Remove passkey',
      lead: async ({ chromium }) => {
        const { page } = await atIdas(chromium)
        await page.getByText('Rename or remove').first().click()
        return page
      },
    },
    {
      name: 'passkeys-german',
      about: 'In German.',
      seen: 'Passkey hinzufügen',
      lead: async ({ chromium }) => visit(await alsoAtIdas(await atIdas(chromium), { locale: 'de-DE' }), '/'),
    },
    {
      name: 'passkeys-without-script',
      about: 'Without JavaScript there are no passkeys to add; those that are there can be renamed and removed.',
      seen: 'Adding a passkey needs JavaScript',
      lead: async ({ chromium }) => visit(await alsoAtIdas(await atIdas(chromium), { javaScriptEnabled: false }), '/'),
    },
    {
      name: 'sign-in-passkey-refused',
      about: 'A sign-in by passkey that nobody confirmed.',
      seen: 'The passkey was not confirmed.',
      lead: async ({ chromium }) => {
        const page = await anotherOfIdas(await atIdas(chromium))
        const authenticator = await addAuthenticator(page)
        await authenticator.verified(false)
        await visit(page, '/sign-in')
        await press(page, 'Sign in with a passkey')
        return page
      },
    },
    {
      name: 'two-factor-passkey',
      about: 'The second half of a sign-in, by passkey.',
      seen: 'Now confirm with one of your passkeys.',
      lead: async ({ chromium }) => beginAtIdas(await atIdas(chromium)),
      alsoAs: ['phone-dark'],
    },
  ],
}
