import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { Renderer } from '../../views/renderer.js'
import { factsOf, KINDS } from '../notices/mail-facts.js'
import { launchChromium, type Chromium } from '../support/chromium.js'
import { layoutFlaws } from './layout.js'
import { violations } from './looks.js'

const LONG = 'Donaudampfschifffahrtsgesellschaft'.repeat(2)

describe('Every mail is readable for everybody, on a phone and beside it, in the light and in the dark', () => {
  const renderer = new Renderer({ templates: null, messages: {}, report: (error) => assert.fail(String(error)) })
  let chromium: Chromium
  let page: Page
  before(async () => {
    chromium = await launchChromium()
    page = (await chromium.visitor('http://localhost')).page
  })
  after(() => chromium?.close())

  async function flawsAt(width: number, colorScheme: 'light' | 'dark'): Promise<string[]> {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 900 })
    const how = `${width} px, ${colorScheme}`
    return [...(await page.evaluate(layoutFlaws)).map((flaw) => `${how}: ${flaw}`), ...(await violations(page, how))]
  }

  for (const kind of KINDS)
    for (const language of ['en', 'de'])
      it(`${kind}, in ${language}`, async () => {
        for (const more of [{}, { name: LONG, location: LONG, productName: `${LONG} & Co` }]) {
          const facts = factsOf(kind, more)
          await page.setContent(renderer.mail(facts, { language, now: facts.occurredAt }).html)
          assert.deepEqual([...(await flawsAt(320, 'dark')), ...(await flawsAt(1000, 'light'))], [])
        }
      })
})
