import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { SecurityError } from 'sallyport'
import { launchChromium, type Chromium } from '../support/chromium.js'
import { ada, type Host } from '../support/host.js'
import { ACCOUNT } from './account-states.js'
import { ENTRANCE, type State } from './entrance-states.js'
import { textOf } from './looks.js'
import { sceneOf, startScenes } from './scenes.js'

const STATES: Record<string, State> = { ...ENTRANCE, ...ACCOUNT }

/** Leads to every page in every state, in a language, and finds nothing wrong with it. */
export function everyStateIsReadable(language: 'en' | 'de', flawsIn: (page: Page) => Promise<string[]>): void {
  let chromium: Chromium
  let host: Host
  before(async () => {
    chromium = await launchChromium()
    host = await startScenes()
  })
  afterEach(() => host.security.sessions.revokeAll(ada.id))
  after(async () => {
    await chromium?.close()
    await host?.close()
  })

  for (const [state, [seen, lead]] of Object.entries(STATES))
    it(state, async () => {
      // colours that change slowly would be measured half-way
      const visitor = await chromium.visitor(host.url, { locale: language, reducedMotion: 'reduce' })
      await lead(sceneOf(host, visitor))
      const text = typeof seen === 'string' ? textOf(seen, language) : seen.text
      await visitor.page.getByText(text).filter({ visible: true }).first().waitFor()
      await visitor.page.waitForLoadState() // text is there before the style sheets are
      const flaws = await flawsIn(visitor.page)
      await visitor.close()
      assert.deepEqual(flaws, [])
      assert.deepEqual(visitor.problems, [])
      assert.deepEqual(
        host.errors.splice(0).filter((error) => !(error instanceof SecurityError)), // those that a state has thrown
        [],
      )
    })
}
