import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import type { PageOptions } from 'sallyport'
import { BASE, FIREFOX } from '../support/browser.js'
import { launchChromium, type Chromium, type Visitor } from '../support/chromium.js'
import { ada, PASSWORDS, startHost, type Host, type HostOptions } from '../support/host.js'
import { revokePage, securityPage, signInPage } from './react-pages.js'

const EJS = fileURLToPath(new URL('../../../test/views/ejs', import.meta.url))
const NEW_PASSWORD = 'Violet-Kettle-77-Moor'
/** What the host's own CSRF guard would want; its token must come back. */
const formFields = () => ({ _csrf: 'of the host' })

const withReact: PageOptions['render'] = (res, name, model) => {
  if (name === 'sign-in') return res.send(signInPage(model))
  if (name === 'security') return res.send(securityPage(model))
  if (name === 'revoke') return res.send(revokePage(model))
  return false
}

const ENGINES: Record<string, HostOptions> = {
  EJS: {
    pages: {
      render: (res, name, model) => (name === 'sessions' || name === 'step-up' ? false : res.render(name, model)),
    },
    before: (app) => app.set('view engine', 'ejs').set('views', EJS),
  },
  React: { pages: { render: withReact } },
}

for (const [engine, options] of Object.entries(ENGINES))
  describe(`Pages rendered by the host with ${engine}`, () => {
    let chromium: Chromium
    let host: Host
    let laptop: Visitor
    let other: Visitor
    before(async () => {
      chromium = await launchChromium()
      host = await startHost({ afterSignIn: `${BASE}/`, productName: 'Ledgerly', formFields, ...options })
      laptop = await chromium.visitor(host.url)
      other = await chromium.visitor(host.url, { userAgent: FIREFOX })
    })
    after(async () => {
      await chromium?.close()
      await host?.close()
    })

    const theirs = (page: Page) => page.getByText(`Rendered by ${engine}`).waitFor()

    async function signIn({ page }: Visitor, password: string): Promise<void> {
      await page.getByLabel('E-mail').fill(ada.email)
      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    }

    it('refuse a wrong password, and let one in with the right one', async () => {
      const { page } = laptop
      await page.goto(`${BASE}/`)
      await theirs(page)
      assert.equal(await page.title(), 'Sign in · Ledgerly')
      await signIn(laptop, 'wrong')
      await page.getByRole('alert').getByText('E-mail or password is wrong.').waitFor()
      assert.equal(await page.getByLabel('E-mail').inputValue(), ada.email)
      await signIn(laptop, PASSWORDS.u1!)
      await page.getByRole('heading', { name: 'Security' }).waitFor()
      await theirs(page)
      assert.equal(await page.locator('[name=_csrf]').first().inputValue(), 'of the host')
    })

    it('change the password, and say under which rule one was refused', async () => {
      const { page } = laptop
      const change = async (current: string, next: string) => {
        await page.getByLabel('Current password').fill(current)
        await page.getByLabel('New password', { exact: true }).fill(next)
        await page.getByLabel('New password, once more').fill(next)
        await page.getByRole('button', { name: 'Change password' }).click()
      }
      await change(PASSWORDS.u1!, 'short')
      await page.getByRole('alert').getByText('Use at least 12 characters.').waitFor()
      await change(PASSWORDS.u1!, NEW_PASSWORD)
      await page.getByRole('status').getByText('Your password was changed. No other device').waitFor()
      await page.reload()
      assert.equal(await page.getByRole('status').count(), 0, 'said once')
    })

    it('sign another device out, which is told why', async () => {
      await other.page.goto(`${BASE}/sign-in`)
      await signIn(other, NEW_PASSWORD)
      await other.page.getByRole('heading', { name: 'Security' }).waitFor()
      const { page } = laptop
      await page.reload()
      const row = page.getByRole('listitem').filter({ hasText: 'Firefox on Linux, just now' })
      await row.getByRole('link', { name: 'Revoke' }).click()
      await page.getByRole('heading', { name: /^Sign out .*\?$/ }).waitFor()
      await theirs(page)
      await page.getByRole('button', { name: 'Sign out device' }).click()
      await page.getByText('Firefox on Linux was signed out.').waitFor()
      await other.page.reload()
      await other.page.getByText('This device was signed out from another device.').waitFor()
      await theirs(other.page)
    })

    it('stand beside ours, where the host leaves a page to us', async () => {
      const { page } = laptop
      await page.goto(`${BASE}/sessions`)
      await page.getByRole('heading', { name: 'Active sessions', level: 1 }).waitFor()
      assert.equal(await page.getByText(`Rendered by ${engine}`).count(), 0)
      await page.getByRole('button', { name: 'Sign out', exact: true }).click()
      await page.getByText('You are signed out.').waitFor()
      await theirs(page)
    })

    it('a form without the token is refused, as ours is', async () => {
      const browser = host.browser()
      const form = await browser.visit(`${BASE}/sign-in`)
      const fields = { email: ada.email, password: NEW_PASSWORD }
      assert.equal((await browser.post(`${BASE}/sign-in`, { ...fields, csrfToken: 'none' })).status, 403)
      assert.equal((await browser.submit(form, '/sign-in', fields)).status, 303)
    })

    it('have our headers, status and language; scripts get the model as before', async () => {
      const page = await host.browser().visit(`${BASE}/sign-in`, { 'Accept-Language': 'de' })
      assert.deepEqual([page.$('html').attr('lang'), page.$('h1').text()], ['de', 'Anmelden'])
      assert.match(String(page.response.headers['content-security-policy']), /^default-src 'none';style-src 'self'/)
      assert.equal(page.response.headers['cache-control'], 'no-store')
      assert.equal((await host.browser().visit(`${BASE}/nothing`)).status, 404)
      const { json } = await host.browser().json(`${BASE}/sign-in`)
      assert.deepEqual(Object.keys(json).toSorted(), [
        'canReset',
        'csrfToken',
        'email',
        'errors',
        'formFields',
        'notice',
        'passkeys',
        'remember',
        'returnTo',
      ])
    })

    it('met no error and no refused content on the way', () => {
      assert.deepEqual([...laptop.problems, ...other.problems], [])
      assert.deepEqual(host.errors, [])
    })
  })
