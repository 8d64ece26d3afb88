import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { BASE, FIREFOX } from '../support/browser.js'
import { launchChromium, type Chromium, type Visitor } from '../support/chromium.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'
import { animations, countLayoutShifts, finishAnimations, layoutShifts } from './layout-shifts.js'

const MINUTE = 60_000

describe('What was just done is seen, and nothing jumps', () => {
  let chromium: Chromium
  let host: Host
  const visitors: Visitor[] = []
  before(async () => {
    chromium = await launchChromium()
    host = await startHost({ afterSignIn: `${BASE}/` })
  })
  afterEach(async () => {
    for (const visitor of visitors.splice(0)) await visitor.close()
    await host.security.passwords.set(ada.id, PASSWORDS.u1!) // ends her sessions as well
  })
  after(async () => {
    await chromium?.close()
    await host?.close()
  })

  async function signedIn(options: Parameters<Chromium['visitor']>[1] = {}): Promise<Page> {
    const visitor = await chromium.visitor(host.url, options)
    visitors.push(visitor)
    await countLayoutShifts(visitor.page)
    await visitor.page.goto(`${BASE}/sign-in`)
    await visitor.page.locator('[name=email]').fill(ada.email)
    await visitor.page.locator('[name=password]').fill(PASSWORDS.u1!)
    await visitor.page.locator('.sp-form [type=submit]').click()
    await visitor.page.locator('.sp-sessions').first().waitFor()
    return visitor.page
  }

  async function revokeOne(page: Page): Promise<void> {
    await host.browser(FIREFOX).signIn(ada, PASSWORDS.u1!)
    await page.goto(`${BASE}/`)
    await page.locator('.sp-session-action a').click()
    await page.locator('dialog[open] .sp-danger').click()
    await page.locator('.sp-flash').waitFor()
  }

  const text = (page: Page) => page.locator('main').ariaSnapshot()
  const boxes = (page: Page) =>
    page.locator('main > *').evaluateAll((all) => all.map((each) => JSON.stringify(each.getBoundingClientRect())))

  it('a message fades to a quiet line that is still read aloud, and moves nothing', async () => {
    const page = await signedIn()
    await revokeOne(page)
    const flash = page.getByRole('status').filter({ hasText: 'Firefox on Linux was signed out.' })
    const background = () => flash.evaluate((each) => getComputedStyle(each).backgroundColor)
    const [before, aloud, loud] = [await boxes(page), await text(page), await background()]
    await finishAnimations(page)
    assert.notEqual(loud, await background())
    assert.equal(await background(), 'rgba(0, 0, 0, 0)')
    assert.ok(await flash.isVisible())
    assert.equal(await flash.evaluate((each) => getComputedStyle(each).opacity), '1')
    assert.equal(await text(page), aloud)
    assert.match(aloud, /status[^]*Firefox on Linux was signed out\./)
    assert.deepEqual(await boxes(page), before)
    assert.equal(await layoutShifts(page), 0)
  })

  it('no page jumps while it loads, nor when its message has faded', async () => {
    const page = await signedIn()
    await host.browser(FIREFOX).signIn(ada, PASSWORDS.u1!)
    const opened: Record<string, () => Promise<unknown>> = {
      Security: () => page.goto(`${BASE}/`),
      'Active sessions': () => page.goto(`${BASE}/sessions`),
      'a question': () => page.goto(`${BASE}/sessions/revoke-others`),
      'step-up': () => page.goto(`${BASE}/step-up`),
      'page not found': () => page.goto(`${BASE}/nothing`),
      'a dialog': async () => {
        await page.goto(`${BASE}/sessions`)
        await page.locator('.sp-session-action a').click()
      },
      'a refused password': () => changePassword(page, 'wrong'),
      'a changed password': () => changePassword(page, PASSWORDS.u1!),
      'sign-in': async () => {
        await page.goto(`${BASE}/`)
        await page.locator('.sp-who [type=submit]').click()
      },
    }
    for (const [name, open] of Object.entries(opened)) {
      await open()
      await page.waitForLoadState('load')
      await finishAnimations(page)
      assert.equal(await layoutShifts(page), 0, name)
    }
    // the measure itself
    await page.evaluate(() => document.querySelector('main')!.prepend(document.createElement('hr')))
    assert.ok((await layoutShifts(page)) > 0)
  })

  async function changePassword(page: Page, current: string): Promise<void> {
    await page.goto(`${BASE}/`)
    await page.locator('[name=currentPassword]').fill(current)
    await page.locator('[name=newPassword]').fill('Violet-Kettle-77-Moor')
    await page.locator('[name=confirmPassword]').fill('Violet-Kettle-77-Moor')
    await page.locator('.sp-password [type=submit]').click()
    await page.locator(current === 'wrong' ? '.sp-error' : '.sp-flash').waitFor()
  }

  it('a light stands behind the card in which something has changed, and behind no other', async () => {
    const page = await signedIn()
    assert.deepEqual(await animations(page), [])
    await revokeOne(page)
    assert.deepEqual(await animations(page), [
      'sp-settle on .sp-flash #',
      'sp-changed on .sp-changed #sp-sessions-title',
    ])
    await page.reload()
    assert.deepEqual(await animations(page), [])
  })

  it('nothing moves for who wants no motion: the message stays as it is, and the bar at the side of the card stays', async () => {
    const page = await signedIn({ reducedMotion: 'reduce' })
    await host.browser(FIREFOX).signIn(ada, PASSWORDS.u1!)
    await page.goto(`${BASE}/`)
    await page.locator('.sp-session-action a').click()
    assert.deepEqual(await animations(page), [])
    await page.locator('dialog[open] .sp-danger').click()
    await page.locator('.sp-flash').waitFor()
    assert.deepEqual(await animations(page), [])
    const bar = (card: string) =>
      page
        .locator(card)
        .first()
        .evaluate((each) => getComputedStyle(each).boxShadow)
    assert.notEqual(await bar('.sp-changed'), await bar('.sp-card:not(.sp-changed)'))
  })

  for (const [locale, ago] of [
    ['en-GB', ['just now', '5 minutes ago', '3 hours ago']],
    ['de-DE', ['gerade eben', 'vor 5 Minuten', 'vor 3 Stunden']],
  ] as const)
    it(`a relative time goes on being true, in ${locale}, on a device whose clock is wrong`, async () => {
      const page = await signedIn({ locale, timezoneId: 'Asia/Tokyo' })
      await page.clock.install({ time: Date.now() + 30 * 24 * 60 * MINUTE })
      const other = await host.browser(FIREFOX).signIn(ada, PASSWORDS.u1!)
      assert.equal(other.status, 303)
      await page.goto(`${BASE}/sessions`)
      await page.goto((await page.locator('.sp-session-action a').getAttribute('href'))!) // the page that asks: no list is on it
      const time = page.locator('main time').first()
      assert.equal(await time.innerText(), ago[0])
      await page.clock.runFor(5 * MINUTE + 30_000)
      assert.equal(await time.innerText(), ago[1])
      await page.clock.runFor(175 * MINUTE)
      assert.equal(await time.innerText(), ago[2])
      const at = new Date((await time.getAttribute('datetime'))!)
      const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'Asia/Tokyo' })
      assert.equal(await time.getAttribute('title'), exact.format(at))
    })
})
