import type { MessageKey } from 'sallyport'
import { PASSWORDS, ada, tove } from '../support/host.js'
import { FIREFOX } from '../support/browser.js'
import { send, type Scene } from './scenes.js'

/** A state of a page: a text that is seen in it, by its key or as it is, and how one gets there. */
export type State = readonly [seen: MessageKey | { text: string }, lead: (scene: Scene) => Promise<unknown>]

const fails = (path: string, person?: typeof ada) => (scene: Scene) => scene.visit(`/../fails/${path}`, person)

/** Lets a browser send a form that it would not send by itself: with fields that are empty. */
const sendAnyway = async ({ page }: Scene, action: string, fields: Record<string, string>) => {
  await page.evaluate('for (const form of document.forms) form.noValidate = true')
  await send(page, action, fields)
}

/** Pages that show the way in, or say why there is none. */
export const ENTRANCE: Record<string, State> = {
  'sign-in': ['sign_in.remember', ({ visit }) => visit('/sign-in')],
  'sign-in, refused': [
    'error.wrong_credentials',
    async ({ visit, page }) => {
      await visit('/sign-in')
      await send(page, '/sign-in', { email: ada.email, password: 'wrong' })
    },
  ],
  'sign-in with nothing filled in': [
    'error.required',
    async (scene) => {
      await scene.visit('/sign-in')
      await sendAnyway(scene, '/sign-in', {})
    },
  ],
  'sign-in, open for too long': [
    'error.form_expired',
    async ({ visit, page }) => {
      await visit('/sign-in')
      await page.route('**/sign-in', (route) => route.continue({ postData: 'csrfToken=another&email=ada%40acme.test' }))
      await send(page, '/sign-in', { email: ada.email, password: 'x' })
    },
  ],
  'sign-in, the password shown and Caps Lock on': [
    'field.caps_lock',
    async ({ visit, page }) => {
      await visit('/sign-in')
      const password = page.locator('[name=password]')
      await password.fill('a password of a length that does not fit into the field')
      await page.locator('.sp-show').click()
      await password.dispatchEvent('keydown', { key: 'A', modifierCapsLock: true })
    },
  ],
  'sign-in after signing out': [
    'sign_in.signed_out',
    ({ visit, page }) => visit('/', ada).then(() => send(page, '/sign-out')),
  ],
  'sign-in, revoked': [
    'reason.revoked',
    async ({ visit, host }) => {
      await visit('/', ada)
      await host.security.sessions.revokeAll(ada.id, { reason: 'revoked' })
      await visit('/')
    },
  ],
  'sign-in, password changed': [
    'reason.password_changed',
    async ({ visit, host }) => {
      await visit('/', ada)
      await host.security.passwords.set(ada.id, PASSWORDS.u1!)
      await visit('/')
    },
  ],
  'sign-in, expired': [
    'reason.expired',
    async ({ visit, host }) => {
      await visit('/', ada)
      host.clock.advance(8 * 86_400_000)
      await visit('/')
    },
  ],
  'sign-in, too many devices': [
    'reason.limit',
    async ({ visit, another }) => {
      await visit('/', ada)
      for (let i = 0; i < 50; i += 1) await another(FIREFOX)
      await visit('/')
    },
  ],
  'step-up': ['step_up.description', ({ visit }) => visit('/step-up', ada)],
  'step-up, refused': [
    'error.wrong_password',
    ({ visit, page }) => visit('/step-up', ada).then(() => send(page, '/step-up', { password: 'x' })),
  ],
  'step-up with nothing filled in': [
    'error.required',
    (scene) => scene.visit('/step-up', ada).then(() => sendAnyway(scene, '/step-up', {})),
  ],
  'step-up without a password': ['step_up.no_password', ({ visit }) => visit('/step-up', tove)],
  'page not found, visitor': ['page.not_found.title', ({ visit }) => visit('/nothing')],
  'page not found, member': ['page.not_found.title', ({ visit }) => visit('/nothing', ada)],
  'a form that came from elsewhere': [
    'page.csrf.title',
    async ({ visit, page }) => {
      await visit('/sessions', ada)
      await page.route('**/sign-out', (route) => route.continue({ postData: 'csrfToken=another' }))
      await send(page, '/sign-out')
    },
  ],
  'not possible here': ['page.method.title', ({ visit }) => visit('/password', ada)],
  'not allowed': ['page.forbidden.title', fails('forbidden', ada)],
  'managed by the identity provider': ['page.managed.title', fails('password_managed_by_idp', tove)],
  'not readable': ['page.bad_request.title', fails('bad_request')],
  'too large': ['page.too_large.title', fails('payload_too_large', ada)],
  'too many, for seconds': ['page.too_many.title', fails('too_many_requests?wait=12')],
  'too many, for minutes': ['page.wait.minutes', fails('too_many_requests?wait=840', ada)],
  'our fault': ['page.internal.title', fails('internal', ada)],
  'busy, 503': ['page.busy.title', fails('busy?wait=2')],
  'unavailable, 503': ['page.unavailable.title', fails('unavailable')],
}
