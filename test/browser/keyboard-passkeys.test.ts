import { deepEqual } from 'node:assert/strict'
import { BASE } from '../support/browser.js'
import { launchChromium, type Chromium, type Visitor } from '../support/chromium.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'
import { addAuthenticator, type VirtualAuthenticator } from '../support/virtual-authenticator.js'
import { Keyboard } from './keyboard.js'

describe('Passkeys without a mouse', () => {
  let chromium: Chromium
  let host: Host
  let visitor: Visitor
  let keyboard: Keyboard
  let authenticator: VirtualAuthenticator
  before(async () => {
    chromium = await launchChromium()
    host = await startHost({ afterSignIn: `${BASE}/` })
    visitor = await chromium.visitor(host.url, { reducedMotion: 'reduce' })
    keyboard = new Keyboard(visitor.page)
    authenticator = await addAuthenticator(visitor.page)
    await authenticator.present(false) // so that the e-mail field offers a passkey and no more
    await visitor.page.goto(`${BASE}/sign-in`)
    await keyboard.fill(field('email'), ada.email)
    await keyboard.fill(field('password'), PASSWORDS.u1!)
    await keyboard.press('Enter')
    await isAtHome()
    await authenticator.present(true)
  })
  after(async () => {
    await chromium?.close()
    await host?.close()
  })

  const button = (name: string) => visitor.page.getByRole('button', { name, exact: true })
  const field = (name: string) => visitor.page.locator(`[name=${name}]:visible`)
  const status = (text: string) => visitor.page.getByRole('status').filter({ hasText: text })
  const change = () => visitor.page.locator('summary').filter({ hasText: 'Rename or remove' })
  const isAtHome = () => visitor.page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()

  it('one is added, and the focus is at the message that says so', async () => {
    await keyboard.enter(button('Add a passkey'))
    await keyboard.isAt(status('The passkey was added.'))
  })

  it('it is renamed', async () => {
    await keyboard.enter(change())
    await keyboard.fill(field('name'), 'Laptop')
    await keyboard.press('Enter')
    await keyboard.isAt(status('The passkey is now called Laptop.'))
  })

  it('where nobody confirms, that is said aloud, and the button keeps the focus', async () => {
    await authenticator.verified(false)
    await keyboard.enter(button('Sign out'))
    await status('You are signed out.').waitFor()
    await keyboard.enter(button('Sign in with a passkey'))
    await status('The passkey was not confirmed.').waitFor()
    await keyboard.isAt(button('Sign in with a passkey'))
    await authenticator.verified(true)
  })

  it('it signs in', async () => {
    await keyboard.enter(button('Sign in with a passkey'))
    await isAtHome()
  })

  it('it is removed', async () => {
    await keyboard.enter(change())
    await keyboard.enter(button('Remove passkey'))
    await keyboard.isAt(status('The passkey Laptop was removed.'))
  })

  it('nothing has failed on the way', () => deepEqual([visitor.problems, host.errors], [[], []]))
})
