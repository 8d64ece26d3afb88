import assert from 'node:assert/strict'
import { AxeBuilder } from '@axe-core/playwright'
import type { Express } from 'express'
import type { Page } from 'playwright-core'
import type { Security } from 'sallyport'
import { BASE, FIREFOX } from '../support/browser.js'
import { launchChromium, type Chromium, type Visitor } from '../support/chromium.js'
import { ada, PASSWORDS, startHost, tove, type Host, type Person } from '../support/host.js'

/** Every rule that axe has, those included that are off by default (target size, contrast of 7:1). */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag2aaa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice', 'experimental']
/** 320 pixels are the width at which WCAG 1.4.10 wants a page to be read without scrolling sideways. */
const LOOKS = [
  { width: 1280, height: 900, colorScheme: 'light' },
  { width: 1280, height: 900, colorScheme: 'dark' },
  { width: 320, height: 640, colorScheme: 'dark' },
] as const
const LONG_AGENT = `Mozilla/5.0 (${'Wxyz'.repeat(450)}) ${'Q'.repeat(60)}/1.0 ${'V'.repeat(60)}/2`
const long: Person = { id: 'u7', email: `${'max'.repeat(20)}@acme.test`, name: 'Maximilia'.repeat(23).slice(0, 200) }
const noor: Person = { id: 'u8', email: 'noor@acme.test', name: 'نور الهدى بنت عبد الرحمن' }
const people = [ada, tove, long, noor]

interface Scene {
  page: Page
  visit: (path: string, person?: Person) => Promise<unknown>
  /** Signs Ada in at another browser. */
  another: (userAgent: string) => Promise<unknown>
  host: Host
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

async function send(page: Page, fields: Record<string, string>, button: string): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.locator(`[name=${name}]`).fill(value)
  await press(page, button)
}

/** Ada, signed in, types a new password. */
async function change({ page, visit }: Scene, currentPassword: string, newPassword: string, confirmPassword: string) {
  await visit('/', ada)
  await send(page, { currentPassword, newPassword, confirmPassword }, 'Change password')
}

async function threeSessions({ visit, another }: Scene, path: string): Promise<void> {
  await another(FIREFOX)
  await another(LONG_AGENT)
  await visit(path, ada)
}

/** Every page in every state: what is seen there, and how one gets there. */
const STATES: Record<string, [seen: string, lead: (scene: Scene) => Promise<unknown>]> = {
  'sign-in': ['Keep me signed in', ({ visit }) => visit('/sign-in')],
  'sign-in, refused': [
    'E-mail or password is wrong.',
    async ({ visit, page }) => {
      await visit('/sign-in')
      await send(page, { email: ada.email, password: 'wrong' }, 'Sign in')
    },
  ],
  'sign-in after signing out': [
    'You are signed out.',
    ({ visit, page }) => visit('/', ada).then(() => press(page, 'Sign out')),
  ],
  'sign-in, revoked': [
    'This device was signed out',
    async ({ visit, host }) => {
      await visit('/', ada)
      await host.security.sessions.revokeAll(ada.id, { reason: 'revoked' })
      await visit('/')
    },
  ],
  'sign-in, password changed': [
    'Your password was changed. Sign in',
    async ({ visit, host }) => {
      await visit('/', ada)
      await host.security.passwords.set(ada.id, PASSWORDS.u1!)
      await visit('/')
    },
  ],
  'Security, one session': ['This is the only device', ({ visit }) => visit('/', ada)],
  'Security, three sessions': ['2 other devices', (scene) => threeSessions(scene, '/')],
  'Active sessions': ['2 other devices', (scene) => threeSessions(scene, '/sessions')],
  'password refused by the rules': [
    'Leave out your name',
    (scene) => change(scene, PASSWORDS.u1!, 'lindqvist', 'lindqvist'),
  ],
  'password refused at every field': ['This is not your', (scene) => change(scene, 'wrong', 'lindqvist', 'other')],
  'password changed': ['No other device was', (scene) => change(scene, PASSWORDS.u1!, PASSWORDS.u2!, PASSWORDS.u2!)],
  'Security without a password': ['Managed by your identity provider', ({ visit }) => visit('/', tove)],
  'Security, a name of 200 characters': [long.name, ({ visit }) => visit('/', long)],
  'Security, a name from right to left': [noor.name, ({ visit }) => visit('/', noor)],
  'step-up': ['enter your password again', ({ visit }) => visit('/step-up', ada)],
  'step-up, refused': [
    'This is not your current password.',
    ({ visit, page }) => visit('/step-up', ada).then(() => send(page, { password: 'x' }, 'Confirm')),
  ],
  'step-up without a password': ['sign in there again', ({ visit }) => visit('/step-up', tove)],
  'page not found, visitor': ['Page not found', ({ visit }) => visit('/nothing')],
  'page not found, member': ['Page not found', ({ visit }) => visit('/nothing', ada)],
  'not allowed': [
    'Please try again',
    async ({ visit, page }) => {
      await visit('/sessions', ada)
      await page.route('**/sign-out', (route) => route.continue({ postData: 'csrfToken=another' }))
      await press(page, 'Sign out')
    },
  ],
  "the host's own page with our list": ['Settings', ({ visit }) => visit('/../settings', ada)],
}

function hostRoutes(app: Express, security: Security): void {
  app.post('/sign-in-as/:id', (req, res, next) => {
    const person = people.find(({ id }) => id === req.params.id)!
    security.signIn(req, person, { amr: ['fed'] }).then(() => res.json({}), next)
  })
  app.get('/settings', security.requireSession(), (req, res, next) => {
    const page = (list: string) => `<!doctype html><html lang="en"><head><title>Settings</title>
      <link rel="icon" href="data:,"></head><body><main><h1>Settings</h1>${list}</main></body></html>`
    security.fragments.sessions(req).then((list) => res.send(page(list)), next)
  })
}

describe('Every page in every state is readable for everybody, wide and narrow, in the light and in the dark', () => {
  let chromium: Chromium
  let host: Host
  let visitor: Visitor
  before(async () => {
    chromium = await launchChromium()
    host = await startHost({ people, routes: hostRoutes })
  })
  beforeEach(async () => {
    await host.security.passwords.set(ada.id, PASSWORDS.u1!)
    visitor = await open()
  })
  afterEach(async () => {
    await visitor.close()
    for (const { id } of people) await host.security.sessions.revokeAll(id)
  })
  after(async () => {
    await chromium?.close()
    await host?.close()
  })

  // colours that change slowly would be measured half-way
  const open = (userAgent?: string) => chromium.visitor(host.url, { userAgent, reducedMotion: 'reduce' })
  const signInAs = ({ id }: Person, { page }: Visitor) => page.context().request.post(`/sign-in-as/${id}`)

  for (const [state, [seen, lead]] of Object.entries(STATES))
    it(state, async () => {
      const { page, problems } = visitor
      const visit = async (path: string, person?: Person) => {
        if (person) await signInAs(person, visitor)
        await page.goto(BASE + path)
      }
      const another = async (userAgent: string) => signInAs(ada, await open(userAgent))
      await lead({ page, visit, another, host })
      await page.getByText(seen).first().waitFor()

      assert.equal(await page.locator('[style], style, script:not([src])').count(), 0, 'nothing inline')
      for (const { colorScheme, ...size } of LOOKS) {
        const where = `${size.width} px, ${colorScheme}`
        await page.setViewportSize(size)
        await page.emulateMedia({ colorScheme })
        const width = await page.evaluate<number>('document.documentElement.scrollWidth')
        assert.ok(width <= size.width, `scrolls sideways at ${where}: ${width}`)
        assert.deepEqual(await violations(page), [], where)
      }
      assert.deepEqual(problems, [])
      assert.deepEqual(host.errors, [])
    })
})

async function violations(page: Page): Promise<string[]> {
  const result = await new AxeBuilder({ page }).withTags(TAGS).analyze()
  return result.violations.flatMap(({ id, impact, nodes }) => nodes.map(({ html }) => `${id} (${impact}): ${html}`))
}
