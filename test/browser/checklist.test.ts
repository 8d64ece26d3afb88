import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { FormError, type PasswordPreset } from 'sallyport'
import { BASE } from '../support/browser.js'
import { launchChromium, type Chromium, type Visitor } from '../support/chromium.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'

const SPECIAL = [
  'Ä'.repeat(6) + 'ß'.repeat(6) + '1-',
  '👩‍💻'.repeat(4),
  '\u2028'.repeat(8) + 'aA1-',
  '١٢٣٤٥٦٧٨٩٠aA-',
  'ǅ'.repeat(15),
]
const PLAIN = ['a', 'Aa1-', 'Aa1-Aa1', 'Aa1-Aa1-', 'ABCDEFGHIJKL', 'abcdefghijkl', '123456789012', '------------']
const MIXED = [
  'Violet-7-Mo',
  'Violet-7-Moo',
  'Violet Moo 7',
  'violet moor 7!',
  'fourteen chars',
  'fifteen letters',
  'Sixteen letters!',
]
const LONG = ['Aa1-'.repeat(64), `${'Aa1-'.repeat(64)}x`, 'é'.repeat(257), '🚪'.repeat(256), '🚪'.repeat(257)]
const TYPED = [...PLAIN, ...MIXED, ...SPECIAL, ...LONG]

for (const preset of ['classic12', 'alnum12', 'mixed8', 'nist'] as PasswordPreset[])
  describe(`The checklist of a new password, ${preset}`, () => {
    let chromium: Chromium
    let host: Host
    let visitor: Visitor
    let page: Page
    before(async () => {
      chromium = await launchChromium()
      host = await startHost({ afterSignIn: `${BASE}/`, passwords: { rules: preset } })
      visitor = await chromium.visitor(host.url)
      page = visitor.page
      await page.goto(`${BASE}/sign-in`)
      await page.locator('[name=email]').fill(ada.email)
      await page.locator('[name=password]').fill(PASSWORDS.u1!)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
      await page.clock.install()
      await page.reload()
      await page.clock.pauseAt(Date.now() + 60_000)
    })
    after(async () => {
      await chromium?.close()
      await host?.close()
    })

    const field = () => page.locator('[name=newPassword]')
    const status = () => page.locator('[data-sp-told]')
    const items = (state: string) => page.locator(`.sp-rules li${state}:visible > span:nth-child(2)`).allInnerTexts()

    /** The rules by which the server refuses a password, those set apart that only it can know. */
    async function refusedFor(text: string): Promise<string[]> {
      try {
        await host.security.passwords.set(ada.id, text)
        return []
      } catch (error) {
        if (!(error instanceof FormError)) throw error
        return error.fields.newPassword!.filter((rule) => rule !== 'common' && rule !== 'personal')
      }
    }

    const WORDS: Record<string, RegExp> = {
      min_length: /^have at least/,
      max_length: /^have at most 256 characters/,
      uppercase: /uppercase/,
      lowercase: /lowercase/,
      letter: /have a letter/,
      number: /number/,
      symbol: /symbol/,
    }

    it('ticks off what the server accepts, and nothing that it refuses', async () => {
      for (const text of TYPED) {
        await field().fill(text)
        const missing = await items('.sp-unmet')
        const refused = await refusedFor(text)
        for (const rule of refused)
          assert.ok(
            missing.some((said) => WORDS[rule]!.test(said)),
            `${text}: ${rule}; still missing: ${missing.join()}`,
          )
        // of one that is far too long the server says no more than that
        if (!refused.includes('max_length')) assert.equal(missing.length, refused.length, `${text}: ${missing.join()}`)
      }
    })

    it('tells a screen reader what is missing, when the typing pauses', async () => {
      await field().fill('')
      await page.clock.runFor(600)
      assert.equal(await status().innerText(), '')
      await field().pressSequentially('vio')
      await page.clock.runFor(599)
      assert.equal(await status().innerText(), '', 'not at every key')
      await page.clock.runFor(1)
      assert.equal(await status().getAttribute('role'), 'status')
      assert.equal(await status().innerText(), `still missing: ${(await items('.sp-unmet')).map(bare).join('; ')}`)
      await field().fill('Violet-Kettle-77-Moor')
      await page.clock.runFor(600)
      assert.equal(await status().innerText(), `done: ${(await items('.sp-met')).map(bare).join('; ')}`)
    })

    it('marks nothing before anything is typed, nor afterwards what only the server knows', async () => {
      await field().fill('')
      assert.deepEqual(await items('.sp-met'), [])
      assert.deepEqual(await items('.sp-unmet'), [])
      await field().fill('Violet-Kettle-77-Moor')
      const later = await items(':not(.sp-met, .sp-unmet)')
      assert.equal(later.length, 2)
      for (const said of later) assert.match(said, /checked when you submit/)
    })
  })

/** A rule without what is read aloud after it. */
const bare = (text: string) => text.replace(/\s*(still missing|done)?\s*$/, '')
