import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { PNG } from 'pngjs'
import { BASE, FIREFOX } from '../support/browser.js'
import { launchChromium, type Chromium, type Visitor } from '../support/chromium.js'
import { ada, type Host } from '../support/host.js'
import { Keyboard } from './keyboard.js'
import { layoutFlaws } from './layout.js'
import { startKeptHost } from '../support/kept-host.js'
import { flawsInGerman, flawsOf } from './looks.js'
import { sceneOf, startScenes, type Scene } from './scenes.js'

const PAGES = ['/', '/sessions', '/sessions/revoke-others', '/step-up', '/nothing']

describe('What a reader prefers is kept to', () => {
  let chromium: Chromium
  let host: Host
  let visitor: Visitor
  let scene: Scene
  let page: Page
  before(async () => {
    chromium = await launchChromium()
    host = await startScenes()
    visitor = await chromium.visitor(host.url)
    scene = sceneOf(host, visitor.page)
    page = visitor.page
    await scene.another(FIREFOX)
    await scene.visit('/', ada)
  })
  after(async () => {
    await chromium?.close()
    await host?.close()
  })

  const style = (selector: string, property: string) =>
    page
      .locator(selector)
      .first()
      .evaluate((each, name) => getComputedStyle(each).getPropertyValue(name), property)

  describe('forced colours', () => {
    before(() => page.emulateMedia({ forcedColors: 'active' }))
    after(() => page.emulateMedia({ forcedColors: 'none' }))

    it('are taken, and what had only a colour is drawn in another way', async () => {
      await page.goto(`${BASE}/`)
      assert.notEqual(await style('.sp-nav [aria-current]', 'border-left-width'), '0px')
      assert.equal(await style('.sp-nav a:not([aria-current])', 'border-left-width'), '0px')
      for (const box of ['.sp-card', '.sp-button', '.sp-field input', '.sp-show', '.sp-badge'])
        assert.notEqual(await style(box, 'border-top-width'), '0px', box)
      assert.notEqual(await style('.sp-rule-mark', 'border-top-width'), '0px')
      await page.locator('[name=newPassword]').fill('A long one')
      assert.notEqual(await style('.sp-met .sp-rule-mark', 'border-bottom-width'), '0px')
    })

    it('leave the focus to be seen on every control', async () => {
      for (const path of PAGES) {
        await page.goto(BASE + path)
        assert.ok((await new Keyboard(page).wayThrough()).length > 5)
      }
    })

    it('leave a ticked box to be told from one that is not', async () => {
      const guest = await chromium.visitor(host.url, { forcedColors: 'active' })
      await guest.page.goto(`${BASE}/sign-in`)
      const box = guest.page.locator('[name=remember]')
      const inks = async () => inksOf(await box.screenshot())
      const empty = await inks()
      await box.check()
      await guest.page.locator('[name=email]').focus()
      const ticked = await inks()
      await guest.close()
      assert.ok(ticked > empty * 1.2, `${empty} dark points without a tick, ${ticked} with one`)
    })
  })

  describe('print', () => {
    before(() => page.emulateMedia({ media: 'print', colorScheme: 'dark' }))
    after(() => page.emulateMedia({ media: 'screen', colorScheme: 'light' }))

    for (const path of PAGES)
      it(`${path} has no navigation, no button and no dark ground`, async () => {
        await page.goto(BASE + path)
        for (const part of ['nav', 'header', 'button', '.sp-button', '.sp-skip'])
          assert.equal(await page.locator(part).filter({ visible: true }).count(), 0, part)
        assert.ok((await page.locator('main').innerText()).length > 20)
        assert.deepEqual(await page.evaluate(layoutFlaws), [])
        for (const text of ['h1', 'main p'])
          assert.ok(brightness(await style(text, 'color')) < 110, `${text}: ${await style(text, 'color')}`)
        assert.equal(await style('body', 'background-color'), 'rgba(0, 0, 0, 0)')
        assert.equal(await style('html', 'background-color'), 'rgba(0, 0, 0, 0)', 'as white as the paper')
      })
  })

  it('met no error on the way', () => {
    assert.deepEqual([visitor.problems, host.errors], [[], []])
  })
})

describe("A password that the host's own page changes, at a product with a long name", () => {
  for (const [locale, flawsIn] of [
    ['en', flawsOf],
    ['de', flawsInGerman],
  ] as const)
    it(`has a card that leads there, in ${locale}`, async () => {
      const chromium = await launchChromium()
      const productName = 'Acme Rechnungswesen und Warenwirtschaftsverwaltung'
      const host = await startKeptHost({ security: { passwords: { changePath: '/change' }, productName } })
      const visitor = await chromium.visitor(host.url, { locale, reducedMotion: 'reduce' })
      const form = { email: 'ada@acme.test', password: 'ada has one of her own' }
      await visitor.page.context().request.post('/login', { form })
      await visitor.page.goto(`${BASE}/`)
      await visitor.page.locator('a[href="/change"]').waitFor()
      const flaws = await flawsIn(visitor.page)
      await chromium.close()
      await host.close()
      assert.deepEqual([flaws, visitor.problems, host.errors], [[], [], []])
    })
})

/** "rgb(31, 39, 51)" on a scale from 0 to 255. */
const brightness = (colour: string) => Math.max(...(colour.match(/\d+/g) ?? []).slice(0, 3).map(Number))

/** How many points of a picture are darker than not. */
function inksOf(picture: Buffer): number {
  const { data } = PNG.sync.read(picture)
  let inks = 0
  for (let at = 0; at < data.length; at += 4) if (data[at]! + data[at + 1]! + data[at + 2]! < 384) inks += 1
  return inks
}
