import { FIREFOX } from '../support/browser.js'
import { ada, tove } from '../support/host.js'
import type { State } from './entrance-states.js'
import { LONG_AGENT, LONG_IPV6, mona, send, type Scene } from './scenes.js'

async function busyPast({ another }: Scene): Promise<void> {
  await another(FIREFOX)
  await another(LONG_AGENT, ada, '198.51.100.7')
  await another('?', ada, LONG_IPV6)
}

/** What happened to an account, and the way to make it safe again. */
export const ACTIVITY: Record<string, State> = {
  Activity: ['activity.unrecognized', (scene) => busyPast(scene).then(() => scene.visit('/activity', ada))],
  'Activity, older': [
    'activity.newest',
    async ({ another, visit, page }) => {
      for (let i = 0; i < 26; i += 1) await another(FIREFOX)
      await visit('/activity?kind=sign-ins&within=7d', ada)
      await page.locator('a[rel=next]').click()
    },
  ],
  'Activity, filtered to nothing': [
    'activity.none_filtered',
    ({ visit }) => visit('/activity?kind=factors&within=24h', tove),
  ],
  'Secure my account': ['secure.habits', (scene) => busyPast(scene).then(() => scene.visit('/secure-account', ada))],
  'Secure my account, reviewed': [
    'secure.reviewed_done',
    async ({ visit, page }) => {
      await visit('/secure-account', ada)
      await send(page, '/secure-account')
    },
  ],
  'Secure my account, with single sign-on and a long name': [
    'password.managed_help',
    ({ visit }) => visit('/secure-account', mona),
  ],
}
