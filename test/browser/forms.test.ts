import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { BASE } from '../support/browser.js'
import { launchChromium, type Chromium, type Visitor } from '../support/chromium.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'

describe('A form at the browser', () => {
  let chromium: Chromium
  let host: Host
  let visitor: Visitor
  let page: Page
  let posts: string[]
  before(async () => {
    chromium = await launchChromium()
    host = await startHost({ afterSignIn: `${BASE}/` })
  })
  beforeEach(async () => {
    visitor = await chromium.visitor(host.url)
    page = visitor.page
    posts = []
    page.on('request', (request) => {
      const { pathname } = new URL(request.url())
      const isOfPasskeys = pathname.includes('/passkeys/') // the e-mail field offers them by itself
      if (request.method() === 'POST' && !isOfPasskeys) posts.push(pathname)
    })
    await page.goto(`${BASE}/sign-in`)
  })
  afterEach(() => visitor.close())
  after(async () => {
    await chromium?.close()
    await host?.close()
  })

  const password = () => page.locator('[name=password]')
  const submit = () => page.getByRole('button', { name: 'Sign in', exact: true })
  const hint = () => page.locator('.sp-caps-lock')
  const fill = async (text = PASSWORDS.u1!) => {
    await page.locator('[name=email]').fill(ada.email)
    await password().fill(text)
  }
  /** The server answers, but no page comes: a network that is gone for a moment, a reader who presses Escape. */
  const answerNothing = () => page.route('**/sign-in', (route) => route.fulfill({ status: 204 }))

  it('is posted once, however often its button is clicked', async () => {
    let letGo = () => {}
    const held = new Promise<void>((done) => (letGo = done))
    await page.route('**/sign-in', (route) => held.then(() => route.continue()))
    await fill()
    const asked = page.waitForRequest((request) => request.url().endsWith('/sign-in') && request.method() === 'POST')
    const { x, y } = (await submit().boundingBox())!
    await page.mouse.click(x + 9, y + 9)
    await asked
    for (let i = 0; i < 2; i += 1) await page.mouse.click(x + 9, y + 9)
    letGo()
    await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
    assert.deepEqual(posts, [`${BASE}/sign-in`])
    await host.security.sessions.revokeAll(ada.id)
  })

  it('may be sent again after a refusal', async () => {
    await fill('wrong')
    await submit().dblclick()
    await page.getByText('E-mail or password is wrong.').waitFor()
    await fill()
    await submit().click()
    await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
    assert.equal(posts.length, 2)
    await host.security.sessions.revokeAll(ada.id)
  })

  it('may be sent again after going back to it', async () => {
    await fill()
    await submit().click()
    await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
    await host.security.sessions.revokeAll(ada.id)
    await page.goBack()
    await fill()
    await submit().click()
    await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
    assert.equal(posts.length, 2)
    await host.security.sessions.revokeAll(ada.id)
  })

  it('may be sent again where a browser brings the page back as it was left', async () => {
    await answerNothing()
    await fill()
    await submit().click()
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })))
    await submit().click()
    assert.equal(posts.length, 2)
  })

  it('may be sent again, a while after no answer came', async () => {
    await page.clock.install()
    await page.reload()
    await answerNothing()
    await fill()
    await submit().click()
    await submit().click()
    assert.equal(posts.length, 1)
    await page.clock.runFor(10_000)
    await submit().click()
    assert.equal(posts.length, 2)
  })

  it('shows the password to who asks for it, and hides it again when it is sent', async () => {
    await answerNothing()
    await fill('a secret')
    const show = page.getByRole('button', { name: 'Show', exact: true })
    await show.click()
    assert.equal(await password().getAttribute('type'), 'text')
    assert.equal(await password().evaluate((input) => input === input.ownerDocument.activeElement), true)
    await page.getByRole('button', { name: 'Hide', exact: true }).click()
    assert.equal(await password().getAttribute('type'), 'password')
    await show.click()
    await password().press('Enter')
    assert.equal(await password().getAttribute('type'), 'password')
    assert.equal(await password().inputValue(), 'a secret')
    assert.equal(posts.length, 1)
  })

  it('says that Caps Lock is on while it is, to the eye and to the ear', async () => {
    const key = (type: string, modifierCapsLock: boolean) =>
      password().dispatchEvent(type, { key: 'A', modifierCapsLock })
    await password().focus()
    assert.equal(await hint().getAttribute('role'), 'status')
    assert.equal(await hint().evaluate((each) => getComputedStyle(each).display), 'block', 'there before it speaks')
    assert.equal((await hint().boundingBox())?.height, 0)
    await key('keydown', true)
    assert.equal(await hint().innerText(), 'Caps Lock is on.')
    await key('keyup', false)
    assert.equal(await hint().innerText(), '')
    await key('keydown', true)
    await page.locator('[name=email]').focus()
    assert.equal(await hint().innerText(), '')
  })
})
