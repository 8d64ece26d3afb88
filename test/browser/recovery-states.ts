import { NotMeLinks } from '../../src/features/notices/not-me.js'
import { linksTo, pathIn } from '../features/reset-people.js'
import { until } from '../support/clock.js'
import { ada, PASSWORDS, SECRET, tove, type Person } from '../support/host.js'
import type { State } from './entrance-states.js'
import { mailbox, send, type Scene } from './scenes.js'

async function ask({ visit, page, host }: Scene, email: string): Promise<void> {
  host.clock.advance(300_001) // between two mails to one address
  await visit('/forgot-password')
  await send(page, '/forgot-password', { email })
}

/** Opens the link that comes after something was done. */
async function open({ page }: Scene, person: Person, after: () => Promise<unknown>): Promise<void> {
  const before = linksTo(mailbox, person).length
  await after()
  await until('the mail', () => linksTo(mailbox, person).length > before, 5_000)
  await page.goto(pathIn(linksTo(mailbox, person).at(-1)!))
}

const openReset = (scene: Scene) => open(scene, ada, () => ask(scene, ada.email))
const choose = ({ page }: Scene, newPassword: string, confirmPassword = newPassword) =>
  send(page, '/reset-password', { newPassword, confirmPassword })

const openNotMe = ({ visit, host }: Scene, { id, email }: Person) => {
  const token = new NotMeLinks([SECRET], host.clock).sign(id, host.clock.now(), email)
  return visit(`/not-me?token=${token}`)
}

/** Pages for those who cannot get in, or fear that somebody else did. */
export const RECOVERY: Record<string, State> = {
  'forgotten password': ['forgot.help', ({ visit }) => visit('/forgot-password')],
  'forgotten password, nothing filled in': [
    'error.required',
    async ({ visit, page }) => {
      await visit('/forgot-password')
      await page.evaluate('for (const form of document.forms) form.noValidate = true')
      await send(page, '/forgot-password')
    },
  ],
  'forgotten password, a mail is on its way': ['forgot.sent', (scene) => ask(scene, 'nobody@acme.test')],
  'a new password': ['reset.title', openReset],
  'a new password, signed in': [
    'reset.title',
    async (scene) => {
      await scene.visit('/', ada)
      await openReset(scene)
    },
  ],
  'a new password, refused': ['reset.refused', (scene) => openReset(scene).then(() => choose(scene, 'short', 'x'))],
  'a new password, set': ['reset.done', (scene) => openReset(scene).then(() => choose(scene, PASSWORDS.u1!))],
  'the first password': [
    'reset.invited_title',
    (scene) => open(scene, tove, () => scene.host.security.members.invite(tove.id)),
  ],
  'a link that is dead': ['link_dead.title', ({ visit }) => visit('/reset-password')],
  'a link of a notice that is dead': ['link_dead.notice', ({ visit }) => visit('/not-me')],
  'was this not you': ['not_me.title', (scene) => openNotMe(scene, ada)],
  'this was not me': ['not_me.done', (scene) => openNotMe(scene, ada).then(() => send(scene.page, '/not-me'))],
}
