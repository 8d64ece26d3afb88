import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'
import { BASE, FIREFOX } from '../support/browser.js'
import { launchChromium, type Chromium, type Visitor } from '../support/chromium.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'

const NEW_PASSWORD = 'Violet-Kettle-77-Moor'

for (const javaScriptEnabled of [true, false])
  describe(`Ada at her browser, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    let chromium: Chromium
    let host: Host
    let laptop: Visitor
    let other: Visitor
    before(async () => {
      chromium = await launchChromium()
      host = await startHost({ afterSignIn: `${BASE}/` })
      laptop = await chromium.visitor(host.url, { javaScriptEnabled })
      other = await chromium.visitor(host.url, { javaScriptEnabled, userAgent: FIREFOX })
    })
    after(async () => {
      await chromium?.close()
      await host?.close()
    })

    it('signs in with the keyboard alone', async () => {
      const { page } = laptop
      await page.goto(`${BASE}/`)
      assert.match(page.url(), /\/sign-in\?returnTo=/)
      await isFocused(page.getByLabel('E-mail'))
      await page.keyboard.type(ada.email)
      await page.keyboard.press('Tab')
      await isFocused(page.getByLabel('Password'))
      await page.keyboard.type(PASSWORDS.u1!)
      await tabTo(page, page.getByLabel('Keep me signed in'))
      await page.keyboard.press('Space')
      await tabTo(page, page.getByRole('button', { name: 'Sign in', exact: true }))
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
      await page.getByText('This is the only device that is signed in.').waitFor()
    })

    it('goes past the navigation with one key', async () => {
      const { page } = laptop
      await page.keyboard.press('Tab')
      await isFocused(page.getByRole('link', { name: 'Skip to content' }))
      await page.keyboard.press('Enter')
      await page.keyboard.press('Tab')
      await isFocused(page.getByRole('link', { name: 'Secure my account' }))
      await page.keyboard.press('Tab')
      await isFocused(page.getByLabel('Current password'))
    })

    it('is told how many rules a new password fails in a summary that has the focus, and which in the one list of rules', async () => {
      const { page } = laptop
      await typePassword(page, PASSWORDS.u1!, 'kettle moor')
      const field = page.getByLabel('New password', { exact: true })
      await isFocused(page.getByRole('alert'))
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter') // the first link of the summary
      await isFocused(field)
      assert.equal(await field.getAttribute('aria-invalid'), 'true')
      assert.equal(await field.inputValue(), '')
      assert.equal(await field.getAttribute('aria-describedby'), 'sp-newPassword-error sp-password-rules')
      const failing = page.locator('#sp-password-rules li.sp-broken')
      const kept = page.locator('#sp-password-rules li.sp-met')
      const later = page.getByText('checked when you submit').filter({ visible: true })
      assert.deepEqual(await failing.allInnerTexts(), [
        'have at least 12 characters\nnot met',
        'have an uppercase letter\nnot met',
        'have a number\nnot met',
        'have a symbol, such as - or\u00a0!\nnot met',
      ])
      assert.match(await page.getByRole('alert').innerText(), /New password: It does not meet 4 of the rules\.$/)
      assert.equal(await page.locator('#sp-newPassword-error').innerText(), 'It does not meet 4 of the rules.')
      assert.equal(await page.getByText('uppercase').count(), 1, 'no rule is said twice')
      assert.equal(await kept.filter({ visible: true }).count(), 3, 'the server has looked at all of them')
      assert.equal(await later.count(), 0)
      await field.fill('K')
      assert.equal(await failing.count(), javaScriptEnabled ? 0 : 4, 'the marks were about the password before')
      assert.equal(await later.count(), javaScriptEnabled ? 2 : 0)
      assert.match(await page.title(), /^Error: /)
    })

    it('changes the password, and every other browser is signed out and told why', async () => {
      await signIn(other.page, PASSWORDS.u1!)
      const { page } = laptop
      await typePassword(page, PASSWORDS.u1!, NEW_PASSWORD)
      await page.getByText('Your password was changed, and one other device was signed out.').waitFor()
      await other.page.reload()
      await other.page.getByText('Your password was changed. Sign in with the new one.').waitFor()
    })

    it('revokes another browser with a click, whose next page is sign-in with the reason', async () => {
      await signIn(other.page, NEW_PASSWORD)
      const { page } = laptop
      await page.getByRole('link', { name: 'Active sessions' }).click()
      const row = page.getByRole('listitem').filter({ hasText: 'Firefox on Linux' })
      await row.getByRole('link', { name: 'Revoke' }).click()
      const question = javaScriptEnabled ? page.getByRole('dialog') : page.getByRole('main')
      await question.getByRole('heading', { name: 'Sign out Firefox on Linux?' }).waitFor()
      await question.getByRole('button', { name: 'Sign out device' }).click()
      await isFocused(page.getByRole('status').filter({ hasText: 'Firefox on Linux was signed out.' }))
      assert.match(page.url(), /\/sessions$/)
      assert.equal(await row.count(), 0)

      await other.page.getByRole('link', { name: 'Active sessions' }).click()
      assert.equal(new URL(other.page.url()).searchParams.get('returnTo'), `${BASE}/sessions`)
      await other.page.getByText('This device was signed out from another device.').waitFor()
      await other.page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
    })

    it('signs out', async () => {
      const { page } = laptop
      await page.getByRole('button', { name: 'Sign out', exact: true }).click()
      await page.getByText('You are signed out.').waitFor()
      await page.goto(`${BASE}/sessions`)
      await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
    })

    it('met no error, no refused content and nobody else on the way', () => {
      assert.deepEqual([...laptop.problems, ...other.problems], [])
      assert.deepEqual(host.errors, [])
    })
  })

async function signIn(page: Page, password: string): Promise<void> {
  await page.goto(`${BASE}/sign-in`)
  await page.getByLabel('E-mail').fill(ada.email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
}

async function typePassword(page: Page, current: string, next: string): Promise<void> {
  await page.getByLabel('Current password').fill(current)
  await page.getByLabel('New password', { exact: true }).fill(next)
  await page.getByLabel('New password, once more').fill(next)
  await page.getByRole('button', { name: 'Change password' }).click()
}

const isFocused = (locator: Locator) => locator.and(locator.page().locator(':focus')).waitFor()

/** Presses Tab until the control has the focus. */
async function tabTo(page: Page, control: Locator): Promise<void> {
  for (let i = 0; i < 30; i += 1) {
    if (await control.and(page.locator(':focus')).count()) return
    await page.keyboard.press('Tab')
  }
  assert.fail('the keyboard does not get there')
}
