import type { Page } from 'playwright-core'
import { FIREFOX } from '../support/browser.js'
import { ada, PASSWORDS, tove } from '../support/host.js'
import type { State } from './entrance-states.js'
import { long, LONG_AGENT, LONG_IPV6, mona, noor, send, type Scene } from './scenes.js'

/** Ada, signed in, sends a new password. */
async function change({ page, visit }: Scene, currentPassword: string, newPassword: string, confirmPassword: string) {
  await visit('/', ada)
  await send(page, '/password', { currentPassword, newPassword, confirmPassword })
}

async function threeSessions({ visit, another }: Scene, path: string): Promise<void> {
  await another(FIREFOX)
  await another(LONG_AGENT)
  await visit(path, ada)
}

/** Types a new password, and waits until a screen reader has been told what is missing. */
async function type({ page, visit }: Scene, text: string): Promise<void> {
  await visit('/', ada)
  await page.locator('[name=newPassword]').fill(text)
  await page.locator('[data-sp-told]:not(:empty)').waitFor({ state: 'attached' })
}

const press = (page: Page, link: string) => page.locator(`a[href*="${link}"]`).first().click()
const others = 'sessions/revoke-others'

/** Opens the page that a link leads to, where a script would have opened a dialog. */
async function follow({ page }: Scene, link: string): Promise<void> {
  const address = await page.locator(`a[href*="${link}"]`).first().getAttribute('href')
  await page.goto(address!, { referer: page.url() })
}

async function ownSession({ page, visit }: Scene): Promise<void> {
  await visit('/', ada)
  const answer = await page.context().request.get('/security/sessions', { headers: { Accept: 'application/json' } })
  const { sessions } = (await answer.json()) as { sessions: { id: string }[] }
  await visit(`/sessions/${sessions[0]!.id}/revoke`)
}

/** Pages of somebody who is signed in. */
export const ACCOUNT: Record<string, State> = {
  'one session': ['sessions.only_this', ({ visit }) => visit('/', ada)],
  'three sessions': ['sessions.others', (scene) => threeSessions(scene, '/')],
  'Active sessions': ['sessions.others', (scene) => threeSessions(scene, '/sessions')],
  'fifty sessions': [
    'sessions.others',
    async ({ visit, another }) => {
      for (let i = 0; i < 49; i += 1) await another(i % 2 ? FIREFOX : `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5) ${i}`)
      await visit('/sessions', ada)
    },
  ],
  'a device that nobody knows, at a long address and at a hostile place': [
    'device.unknown',
    async ({ visit, another }) => {
      await another('?', ada, LONG_IPV6)
      await another(LONG_AGENT, ada, '198.51.100.7')
      await visit('/sessions', ada)
    },
  ],
  'asks before a device is signed out': [
    'revoke.title',
    (s) => threeSessions(s, '/').then(() => press(s.page, '/revoke')),
  ],
  'asks before all others are': [
    'revoke_others.title',
    (s) => threeSessions(s, '/sessions').then(() => press(s.page, others)),
  ],
  'asks on a page': ['revoke.unknown', (s) => threeSessions(s, '/sessions').then(() => follow(s, '/revoke'))],
  'asks for all others on a page': ['revoke_others.title', (s) => threeSessions(s, '/').then(() => follow(s, others))],
  'asks on a page for the own device': ['revoke.own', ownSession],
  'a device was signed out': [
    'sessions.revoked_done',
    async (scene) => {
      await threeSessions(scene, '/sessions')
      await press(scene.page, '/revoke')
      await scene.page.locator('dialog[open] .sp-danger').click()
    },
  ],
  'a new password, some rules met': ['rules.unmet', (scene) => type(scene, 'lower case only')],
  'a new password, all rules met': ['rules.met', (scene) => type(scene, PASSWORDS.u2!)],
  'a new password, far too long': ['rule.max_length', (scene) => type(scene, 'Aa1-'.repeat(65))],
  'password refused by the rules': ['rules.broken', (scene) => change(scene, PASSWORDS.u1!, 'lindqvist', 'lindqvist')],
  'password refused at every field': ['error.wrong_password', (scene) => change(scene, 'wrong', 'lindqvist', 'other')],
  // the last in which Ada's password is asked for
  'password changed': [
    'password.done',
    async (scene) => {
      await scene.host.security.passwords.set(ada.id, PASSWORDS.u1!) // "This wasn't me" has ended it
      await threeSessions(scene, '/')
      await send(scene.page, '/password', {
        currentPassword: PASSWORDS.u1!,
        newPassword: PASSWORDS.u2!,
        confirmPassword: PASSWORDS.u2!,
      })
    },
  ],
  'without a password': ['password.managed', ({ visit }) => visit('/', tove)],
  'a name of 200 characters': [{ text: long.name }, ({ visit }) => visit('/', long)],
  'a name from right to left': [{ text: noor.name }, ({ visit }) => visit('/', noor)],
  'many entries of the host, a mail address of 254 characters': [{ text: mona.email }, ({ visit }) => visit('/', mona)],
  "the host's own page with our list": [{ text: 'Settings' }, ({ visit }) => visit('/../settings', ada)],
}
