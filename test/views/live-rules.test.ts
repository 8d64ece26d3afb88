import assert from 'node:assert/strict'
import type { SecurityModel } from 'sallyport'
import { passwordRules, type PasswordPreset } from '../../src/features/passwords/rules.js'
import { BASE } from '../support/browser.js'
import { launchChromium } from '../support/chromium.js'
import { ada, PASSWORDS, startHost } from '../support/host.js'

const PRESETS: PasswordPreset[] = ['classic12', 'alnum12', 'mixed8', 'nist']
const SAMPLES = [
  '',
  ' ',
  'a',
  'A1-a',
  'lowercase only words',
  'ALL CAPITALS 123',
  'Violet-Kettle-77-Moor',
  'elevenchars',
  'twelve chars',
  'äöüßÄÖÜ-12345',
  'ΑΒΓΔαβγδ-1234',
  'пароль-ПАРОЛЬ-12',
  '密码密码密码密码密码密码',
  '١٢٣٤٥٦٧٨٩٠-Aa',
  '½²³Ⅷ-abcdefgh',
  '🙂🙂🙂🙂🙂🙂🙂',
  '🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂',
  '👩‍👩‍👧‍👦 family',
  'e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301',
  'line\u2028separator\u2029A1',
  'tab\tand nul\0 A1!',
  '\ud800\ud800\ud800\ud800 lone',
  'ǅungla Ǆungla 12',
  '            ',
  '____________',
  '""""\\\\//<>&;',
]

describe('The live checklist', () => {
  for (const preset of PRESETS)
    it(`judges every password by ${preset} as the server does, as far as it says anything`, async () => {
      const set = await passwordRules(preset)
      const judged = new Set<string>()
      for (const rule of set.rules) {
        const pattern = set.patternOf(rule)
        if (!pattern) continue
        const inBrowser = new RegExp(pattern.source, 'u') // all that reaches a page
        for (const password of SAMPLES) {
          const isMet = inBrowser.test(password)
          assert.equal(isMet, !set.failing(password, []).includes(rule), `${rule} of ${JSON.stringify(password)}`)
          judged.add(`${rule} ${isMet}`)
        }
      }
      assert.equal(
        judged.size,
        2 * set.rules.filter((rule) => set.patternOf(rule)).length,
        'each rule is met by one and not by another',
      )
    })

  it('is in the model with a pattern for each rule but those that only the server knows', async () => {
    const host = await startHost()
    const browser = host.browser()
    await browser.signIn(ada, PASSWORDS.u1!)
    const { password } = (await browser.json(`${BASE}/`)).json as unknown as SecurityModel
    const later = password.rules.filter(({ pattern }) => pattern === null).map(({ key }) => key)
    assert.deepEqual(later, ['rule.common', 'rule.personal'])
    await host.close()
  })

  it('ticks off in Chromium what the server would say', async () => {
    const chromium = await launchChromium()
    const host = await startHost({ afterSignIn: `${BASE}/` })
    const { page, problems } = await chromium.visitor(host.url)
    await page.goto(`${BASE}/sign-in`)
    await page.getByLabel('E-mail').fill(ada.email)
    await page.getByLabel('Password').fill(PASSWORDS.u1!)
    await page.getByRole('button', { name: 'Sign in' }).click()
    const field = page.getByLabel('New password', { exact: true })
    const set = await passwordRules('classic12')
    const shown = set.rules.filter((rule) => set.patternOf(rule))
    for (const password of SAMPLES.filter((each) => !/[\0\ud800]/.test(each))) {
      await field.fill(password)
      const met = await page
        .locator('[data-sp-pattern]')
        .evaluateAll((items) =>
          (items as unknown as { className: string }[]).map(({ className }) => className === 'sp-met'),
        )
      const failed = set.failing(await field.inputValue(), [])
      assert.deepEqual(
        met,
        shown.map((rule) => !failed.includes(rule)),
        JSON.stringify(password),
      )
    }
    assert.deepEqual(problems, [])
    await chromium.close()
    await host.close()
  })
})
