import assert from 'node:assert/strict'
import type { Page, Route } from 'playwright-core'
import { BASE, FIREFOX } from '../support/browser.js'
import { launchChromium, type Chromium, type Visitor } from '../support/chromium.js'
import { StillClock, until } from '../support/clock.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'
import { decode } from '../look/png.js'

/** Chromium rounds a colour up or down by one where it blends letters, and not always alike. */
const ROUNDING = 2

/** How far the two pictures are apart where they are farthest, of 255; rounding does not count. */
function farthest(one: Buffer, other: Buffer): number {
  assert.equal(one.length, other.length)
  const most = one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0)
  return most <= ROUNDING ? 0 : most
}

describe('The first paint', () => {
  let chromium: Chromium
  let host: Host
  const visitors: Visitor[] = []
  before(async () => {
    chromium = await launchChromium()
    host = await startHost({
      clock: new StillClock(),
      routes: (app, security) =>
        app.post('/sign-in-as-ada', (req, res, next) => {
          security.signIn(req, ada, { amr: ['pwd'] }).then(() => res.json({}), next)
        }),
    })
    await host.browser(FIREFOX).signIn(ada, PASSWORDS.u1!)
  })
  afterEach(async () => {
    for (const visitor of visitors.splice(0)) await visitor.close()
  })
  after(async () => {
    await chromium?.close()
    await host?.close()
  })

  async function open(javaScriptEnabled = true): Promise<Page> {
    const visitor = await chromium.visitor(host.url, { javaScriptEnabled, viewport: { width: 1000, height: 1400 } })
    visitors.push(visitor)
    return visitor.page
  }

  /** Holds back what a page loads, until it is let go. */
  async function hold(page: Page, files: string): Promise<{ asked: Promise<unknown>; letGo: () => Promise<void> }> {
    const held: Route[] = []
    let first: () => void
    const asked = new Promise<void>((done) => (first = done))
    await page.route(files, (route) => {
      held.push(route)
      first()
    })
    return { asked, letGo: async () => void (await Promise.all(held.map((route) => route.continue()))) }
  }

  const paints = (page: Page) =>
    page.evaluate<string[]>("performance.getEntriesByType('paint').map(({ name }) => name)")

  const painted = (page: Page) => until('the first paint', async () => (await paints(page)).length > 0)

  it('waits for the style sheets: nobody sees a page without them', async () => {
    const page = await open()
    const styles = await hold(page, '**/*.css')
    const loaded = page.goto(`${BASE}/sign-in`, { waitUntil: 'load' })
    await styles.asked
    await page.locator('form').first().waitFor({ state: 'attached' })
    assert.deepEqual(await paints(page), [])
    await styles.letGo()
    await loaded
    await painted(page)
    const paintedAt = await page.evaluate<number>("performance.getEntriesByType('paint')[0].startTime")
    const styled = await page.evaluate<number[]>(
      "performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.css')).map((each) => each.responseEnd)",
    )
    assert.equal(styled.length, 2)
    assert.ok(
      paintedAt >= Math.max(...styled),
      `painted after ${paintedAt} ms, styled after ${styled.join(' and ')} ms`,
    )
  })

  it('does not wait for the script', async () => {
    const page = await open()
    const script = await hold(page, '**/*.js')
    const loaded = page.goto(`${BASE}/sign-in`)
    await script.asked
    await painted(page)
    assert.equal(await page.locator('.sp-show').count(), 0)
    await script.letGo()
    await loaded
    await page.locator('.sp-show').waitFor()
  })

  for (const path of ['/sign-in', '/', '/sessions', '/step-up', '/nothing'])
    it(`shows ${path} as it is with a script, but for the buttons that show a password or ask for a passkey`, async () => {
      const pictures: Buffer[] = []
      for (const javaScriptEnabled of [true, false]) {
        const page = await open(javaScriptEnabled)
        if (path !== '/sign-in') await page.context().request.post('/sign-in-as-ada')
        await page.goto(BASE + path)
        if (javaScriptEnabled)
          await page.locator('[data-sp-show]:not(:has(.sp-show))').first().waitFor({ state: 'detached' })
        await page.locator('.sp-show').evaluateAll((all) => {
          for (const each of all) each.style.visibility = 'hidden'
        })
        await page.locator('.sp-passkey').evaluateAll((all) => {
          for (const each of all) each.setAttribute('hidden', '')
        })
        pictures.push(await page.screenshot({ animations: 'disabled' }))
        await page.context().request.post('/sign-in-as-ada') // in its place: as many sessions for the next picture
        await host.security.sessions.revokeAll(ada.id)
        await host.browser(FIREFOX).signIn(ada, PASSWORDS.u1!)
      }
      const [scripted, plain] = pictures
      assert.equal(farthest(decode(scripted!).data, decode(plain!).data), 0)
    })
})
