import assert from 'node:assert/strict'
import { BASE, FIREFOX } from '../support/browser.js'
import { launchChromium, type Chromium, type Visitor } from '../support/chromium.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'
import { Keyboard } from './keyboard.js'

const NEW_PASSWORD = 'Violet-Kettle-77-Moor'

for (const javaScriptEnabled of [true, false])
  describe(`Ada without a mouse, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    let chromium: Chromium
    let host: Host
    let visitor: Visitor
    let keyboard: Keyboard
    before(async () => {
      chromium = await launchChromium()
      host = await startHost({ afterSignIn: `${BASE}/` })
      visitor = await chromium.visitor(host.url, { javaScriptEnabled, reducedMotion: 'reduce' })
      keyboard = new Keyboard(visitor.page)
    })
    after(async () => {
      await chromium?.close()
      await host?.close()
    })

    const button = (name: string) => visitor.page.getByRole('button', { name, exact: true })
    const link = (name: string) => visitor.page.getByRole('link', { name })
    const field = (name: string) => visitor.page.locator(`[name=${name}]:visible`)
    const status = (text: string) => visitor.page.getByRole('status').filter({ hasText: text })
    /** Another device of hers. */
    const another = () => host.browser(FIREFOX).signIn(ada, NEW_PASSWORD)

    it('is refused, and is led to the field that she types again', async () => {
      await visitor.page.goto(`${BASE}/`)
      await keyboard.isAt(field('email'))
      await keyboard.type(ada.email)
      await keyboard.fill(field('password'), 'wrong')
      await keyboard.press('Enter')
      await keyboard.isAt(visitor.page.getByRole('alert'))
      await keyboard.enter(link('Type your password again'))
      await keyboard.isAt(field('password'))
      assert.equal(await field('email').inputValue(), ada.email)
    })

    it('signs in, and is kept signed in', async () => {
      await keyboard.type(PASSWORDS.u1!)
      await keyboard.goTo(field('remember'))
      await keyboard.press('Space')
      assert.ok(await field('remember').isChecked())
      await keyboard.enter(button('Sign in'))
      await visitor.page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
    })

    it('goes past the navigation with one key', async () => {
      await keyboard.tab()
      await keyboard.isAt(link('Skip to content'))
      await keyboard.press('Enter')
      await keyboard.tab()
      await keyboard.isAt(link('Secure my account'))
      await keyboard.tab()
      await keyboard.isAt(field('currentPassword'))
    })

    it('is told what is wrong with a new password, and each line leads to its field', async () => {
      await keyboard.type('wrong')
      await keyboard.fill(field('newPassword'), 'kettle')
      await keyboard.fill(field('confirmPassword'), 'moor')
      await keyboard.press('Enter')
      for (const [name, label] of [
        ['currentPassword', 'Current password'],
        ['newPassword', 'New password'],
        ['confirmPassword', 'New password, once more'],
      ] as const) {
        const alert = visitor.page.getByRole('alert')
        await alert.waitFor()
        if (name === 'currentPassword') await keyboard.isAt(alert)
        const line = alert.getByRole('link', { name: label, exact: true })
        await keyboard.goTo(line, name === 'currentPassword' ? 'Tab' : 'Shift+Tab')
        await keyboard.press('Enter')
        await keyboard.isAt(field(name))
        assert.equal(await field(name).getAttribute('aria-invalid'), 'true')
      }
    })

    it('changes it, and goes on from the message', async () => {
      await keyboard.goTo(field('currentPassword'), 'Shift+Tab')
      await keyboard.type(PASSWORDS.u1!)
      await keyboard.fill(field('newPassword'), NEW_PASSWORD)
      await keyboard.fill(field('confirmPassword'), NEW_PASSWORD)
      await keyboard.enter(button('Change password'))
      await keyboard.isAt(status('Your password was changed.'))
      await keyboard.tab()
      await keyboard.tab()
      await keyboard.isAt(field('currentPassword'))
    })

    it('thinks better of it, and stands where she stood', async () => {
      await another()
      await visitor.page.goto(`${BASE}/sessions`)
      const revoke = link('Revoke Firefox on Linux')
      const cancel = visitor.page.getByRole(javaScriptEnabled ? 'button' : 'link', { name: 'Cancel', exact: true })
      await keyboard.enter(revoke)
      if (javaScriptEnabled) {
        await keyboard.isAt(cancel)
        await keyboard.press('Escape')
        await keyboard.isAt(revoke)
        await keyboard.press('Enter')
        await keyboard.isAt(cancel)
      }
      await keyboard.enter(cancel)
      if (javaScriptEnabled) await keyboard.isAt(revoke)
      await visitor.page.waitForURL(`**${BASE}/sessions`)
      assert.equal(await revoke.count(), 1)
    })

    if (javaScriptEnabled) {
      it('stays in the question while it is open', async () => {
        await visitor.page.goto(`${BASE}/sessions`)
        await keyboard.enter(link('Revoke Firefox on Linux'))
        for (const key of ['Tab', 'Tab', 'Tab', 'Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab'] as const) {
          await keyboard.tab(key)
          // between the last control of a dialog and its first one stand those of the browser
          assert.equal(await visitor.page.locator(':focus:not(dialog[open] *, body)').count(), 0, 'behind the dialog')
        }
        await keyboard.press('Escape')
      })

      it('opens the question in a tab of its own with Ctrl', async () => {
        await keyboard.goTo(link('Revoke Firefox on Linux'))
        const opened = visitor.page.context().waitForEvent('page')
        await keyboard.press('Control+Enter')
        const tab = await opened
        await tab
          .getByRole('main')
          .getByRole('heading', { name: /^Sign out .*\?$/ })
          .waitFor()
        assert.match(tab.url(), /\/sessions\/[^/]+\/revoke$/)
        assert.equal(await visitor.page.locator('dialog[open]').count(), 0)
        await tab.close()
      })
    }

    it('signs another device out', async () => {
      await visitor.page.goto(`${BASE}/sessions`)
      await keyboard.enter(link('Revoke Firefox on Linux'))
      await button('Sign out device').waitFor()
      await keyboard.goTo(button('Sign out device'), javaScriptEnabled ? 'Shift+Tab' : 'Tab')
      await keyboard.press('Enter')
      await keyboard.isAt(status('Firefox on Linux was signed out.'))
      assert.equal(await link('Revoke Firefox on Linux').count(), 0)
    })

    it('signs all other devices out', async () => {
      for (let i = 0; i < 3; i += 1) await another()
      await visitor.page.goto(`${BASE}/`)
      await keyboard.enter(link('Sign out everywhere else'))
      await button('Sign out everywhere else').waitFor()
      await keyboard.goTo(button('Sign out everywhere else'), javaScriptEnabled ? 'Shift+Tab' : 'Tab')
      await keyboard.press('Enter')
      await keyboard.isAt(status('3 other devices were signed out.'))
    })

    it('confirms her password, and goes on where she was', async () => {
      await visitor.page.goto(`${BASE}/step-up?returnTo=${BASE}/sessions`)
      await keyboard.isAt(field('password'))
      await keyboard.type('wrong')
      await keyboard.press('Enter')
      await keyboard.isAt(visitor.page.getByRole('alert'))
      await keyboard.enter(visitor.page.getByRole('alert').getByRole('link'))
      await keyboard.type(NEW_PASSWORD)
      await keyboard.press('Enter')
      await visitor.page.waitForURL(`**${BASE}/sessions`)
    })

    for (const width of [1280, 320])
      it(`goes from control to control in the order in which they stand, and to none that is hidden, at ${width} px`, async () => {
        await another()
        await visitor.page.setViewportSize({ width, height: 800 })
        for (const path of ['/', '/sessions', '/sessions/revoke-others', '/step-up', '/nothing']) {
          await visitor.page.goto(BASE + path)
          const stops = await keyboard.wayThrough()
          assert.ok(stops.length > 5, `${path}: ${stops.map(({ name }) => name).join(', ')}`)
          stops.slice(1).forEach((stop, index) => {
            const before = stops[index]!
            const isAfter = stop.top >= before.bottom - 1 || (stop.bottom > before.top && stop.left > before.left)
            assert.ok(stop.part !== before.part || isAfter, `${path}: "${stop.name}" comes after "${before.name}"`)
          })
        }
        await visitor.page.setViewportSize({ width: 1280, height: 800 })
      })

    it('signs out, and may sign in again at once', async () => {
      await keyboard.enter(button('Sign out'))
      await status('You are signed out.').waitFor()
      await keyboard.isAt(field('email'))
    })

    it('met no error on the way', () => {
      assert.deepEqual([visitor.problems, host.errors], [[], []])
    })
  })
