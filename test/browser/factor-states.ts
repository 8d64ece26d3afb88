import assert from 'node:assert/strict'
import { generateSync } from 'otplib'
import { BASE } from '../support/browser.js'
import type { Host } from '../support/host.js'
import type { State } from './entrance-states.js'
import { nora, send, vera, type Scene } from './scenes.js'

const STEP_MS = 30_000
const MINUTE_MS = 60_000

/** Vera's authenticator app, of each host. */
const secrets = new WeakMap<Host, string>()

const codeOf = ({ host }: Scene, offMs = 0) =>
  generateSync({ secret: secrets.get(host)!, epoch: Math.floor((host.clock.now() + offMs) / 1000) })

/** A code that was never used: half a minute goes by. */
function nextCode(scene: Scene): string {
  scene.host.clock.advance(2 * STEP_MS)
  return codeOf(scene)
}

/** One that is none of those around now. */
const wrongCode = (scene: Scene) => codeOf(scene, 50 * STEP_MS)

/** Turns two-factor on for Vera, as a script does. */
async function setUp({ page, host, visit }: Scene): Promise<void> {
  await visit('/', vera)
  const { request } = page.context()
  const headers = { Accept: 'application/json' }
  const { csrfToken } = (await (await request.get(`${BASE}/`, { headers })).json()) as { csrfToken: string }
  const begun = await request.post(`${BASE}/totp/enrol`, { headers, data: { csrfToken } })
  const { secret } = (await begun.json()) as { secret: string }
  const code = generateSync({ secret, epoch: Math.floor(host.clock.now() / 1000) })
  const confirmed = await request.post(`${BASE}/totp/confirm`, { headers, data: { csrfToken, code } })
  assert.equal(confirmed.status(), 200, await confirmed.text())
  secrets.set(host, secret)
  await page.context().clearCookies()
}

/** The first half of Vera's sign-in. */
async function half(scene: Scene, path = '/two-factor'): Promise<void> {
  if (!secrets.has(scene.host)) await setUp(scene)
  await scene.begin(vera)
  await scene.visit(path)
}

async function wholeSignIn(scene: Scene, trust = false): Promise<void> {
  await half(scene, `/two-factor?returnTo=${BASE}/`)
  await scene.page.locator('[name=trustBrowser]').setChecked(trust)
  await send(scene.page, '/two-factor', { code: nextCode(scene) })
  await scene.page.waitForURL(`**${BASE}/`)
}

async function enrols({ page, visit }: Scene): Promise<void> {
  await visit('/', nora)
  await send(page, '/totp/enrol')
  await page.locator('[data-totp-secret]').waitFor()
}

async function regenerates(scene: Scene): Promise<void> {
  await wholeSignIn(scene)
  await send(scene.page, '/recovery-codes/regenerate')
  await scene.page.locator('[data-recovery-code]').first().waitFor()
}

async function disables(scene: Scene): Promise<void> {
  await wholeSignIn(scene)
  await scene.page.locator('summary').first().click()
}

/** Vera's last proof is too old for what she wants. */
async function stepsUp(scene: Scene, path: string): Promise<void> {
  await wholeSignIn(scene)
  scene.host.clock.advance(11 * MINUTE_MS)
  await scene.visit(path)
}

async function sendsPayout(scene: Scene): Promise<void> {
  await stepsUp(scene, '/../payout-account')
  await send(scene.page, '/payout-account', { iban: 'PT50 0002 0123 1234 5678 9015 4' })
  await scene.page.locator('[name=code]').waitFor()
}

/** Pages of second factors. */
export const FACTORS: Record<string, State> = {
  'setting up an app': ['totp.scan', enrols],
  'setting up an app, a wrong code': [
    'error.invalid_code',
    (scene) => enrols(scene).then(() => send(scene.page, '/totp/confirm', { code: '12 34' })),
  ],
  'setting up an app, too late': [
    'totp.expired',
    async (scene) => {
      await enrols(scene)
      scene.host.clock.advance(11 * MINUTE_MS)
      await scene.visit('/totp/enrol')
    },
  ],
  'setting up another app': [
    'totp.replaces',
    (scene) => wholeSignIn(scene).then(() => send(scene.page, '/totp/enrol')),
  ],
  'two-factor is required': [
    'two_factor.required_title',
    async ({ begin, visit }) => {
      await begin(nora)
      await visit('/two-factor')
    },
  ],
  'setting up an app that is required': [
    'totp.scan',
    async ({ begin, visit, page }) => {
      await begin(nora)
      await visit('/two-factor')
      await send(page, '/totp/enrol')
    },
  ],
  'recovery codes': ['recovery_codes.once', regenerates],
  'recovery codes that were never saved': [
    'two_factor.codes_unsaved',
    (scene) => regenerates(scene).then(() => scene.visit('/')),
  ],
  'recovery codes that are saved': [
    'two_factor.codes_saved',
    async (scene) => {
      await regenerates(scene)
      await scene.page.locator('[name=saved]').check()
      await send(scene.page, '/recovery-codes/saved')
    },
  ],
  'about to turn two-factor off': ['two_factor.disable_warning', disables],
  'two-factor is not turned off': [
    'two_factor.not_disabled',
    (scene) => disables(scene).then(() => send(scene.page, '/totp/disable', { code: wrongCode(scene) })),
  ],
  'second half of a sign-in': ['two_factor.enter_code', (scene) => half(scene)],
  'second half of a sign-in, the clock is off': [
    'error.clock',
    (scene) => half(scene).then(() => send(scene.page, '/two-factor', { code: codeOf(scene, -3 * STEP_MS) })),
  ],
  'second half of a sign-in, with a recovery code': [
    'error.invalid_recovery_code',
    async (scene) => {
      await half(scene, '/two-factor?using=recovery_code')
      await send(scene.page, '/two-factor', { recoveryCode: 'abcd-efgh-jkmn-pqrs' })
    },
  ],
  'a trusted browser': ['trusted_browsers.help', (scene) => wholeSignIn(scene, true)],
  'step-up with a code, refused': [
    'error.invalid_code',
    (scene) => stepsUp(scene, '/../payouts').then(() => send(scene.page, '/step-up', { code: wrongCode(scene) })),
  ],
  'step-up with a recovery code': [
    'step_up.with_recovery_code',
    async (scene) => {
      await stepsUp(scene, '/../payouts')
      await scene.page.locator('.sp-ways li a').first().click()
    },
  ],
  'step-up for a form that waits': ['step_up.suspended', sendsPayout],
  'a form goes on': [
    'continue.title',
    (scene) => sendsPayout(scene).then(() => send(scene.page, '/step-up', { code: nextCode(scene) })),
  ],
}
