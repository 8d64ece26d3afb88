import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { SecurityError } from 'sallyport'
import { launchChromium, type Chromium, type Visitor } from '../support/chromium.js'
import { ada, type Host } from '../support/host.js'
import { ACCOUNT } from './account-states.js'
import { ACTIVITY } from './activity-states.js'
import { ENTRANCE, type State } from './entrance-states.js'
import { FACTORS } from './factor-states.js'
import { PASSKEYS } from './passkey-states.js'
import { textOf } from './looks.js'
import { RECOVERY } from './recovery-states.js'
import { sceneOf, startScenes } from './scenes.js'

const STATES: Record<string, State> = { ...ENTRANCE, ...RECOVERY, ...ACCOUNT, ...ACTIVITY, ...FACTORS, ...PASSKEYS }

/** Leads to every page in every state, in a language, and finds nothing wrong with it. */
export function everyStateIsReadable(language: 'en' | 'de', flawsIn: (page: Page) => Promise<string[]>): void {
  let chromium: Chromium
  let host: Host
  let usual: Visitor
  // colours that change slowly would be measured half-way
  const visitor = () => chromium.visitor(host.url, { locale: language, reducedMotion: 'reduce' })
  before(async () => {
    chromium = await launchChromium()
    host = await startScenes()
    usual = await visitor()
  })
  afterEach(() => host.security.sessions.revokeAll(ada.id))
  after(async () => {
    await chromium?.close()
    await host?.close()
  })

  for (const [state, [seen, lead]] of Object.entries(STATES))
    it(state, async () => {
      const isOwn = state in PASSKEYS // an authenticator stays with its page
      const who = isOwn ? await visitor() : await anew(usual)
      const { page, problems } = who
      await lead(sceneOf(host, page))
      const text = typeof seen === 'string' ? textOf(seen, language) : seen.text
      await page.getByText(text).filter({ visible: true }).first().waitFor()
      await page.waitForLoadState() // text is there before the style sheets are
      const flaws = await flawsIn(page)
      if (isOwn) await who.close()
      assert.deepEqual(flaws, [])
      assert.deepEqual(problems, [])
      assert.deepEqual(
        host.errors.splice(0).filter((error) => !(error instanceof SecurityError)), // those that a state has thrown
        [],
      )
    })
}

/** The visitor as somebody who has never been here: a new browser for each of a hundred states takes longer than looking. */
async function anew(visitor: Visitor): Promise<Visitor> {
  const { page, problems } = visitor
  await page.unrouteAll()
  await page.goto('about:blank')
  await page.context().clearCookies()
  await page.emulateMedia({ colorScheme: null, reducedMotion: 'reduce' })
  await page.setViewportSize({ width: 1280, height: 720 })
  problems.length = 0
  return visitor
}
