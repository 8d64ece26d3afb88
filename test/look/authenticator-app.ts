import { generateSync } from 'otplib'
import type { Page } from 'playwright-core'
import QRCode from 'qrcode'
import { NOW } from './stage.js'

export const STEP_MS = 30_000

/** What is different each time is the same in every picture. */
const SECRET = 'JBSWY3DPEHPK3PXPKRUGS4ZANFZSAZLY'
const CODES = Array.from({ length: 8 }, (_, i) => `k${i}qm-x${7 - i}pd-9r${i}w-vh${7 - i}c`)

const secrets = new Map<Page, string>()

/** The page that has just shown somebody's secret: it is kept, and a picture may be taken. */
export async function setUp(page: Page): Promise<Page> {
  const shown = await page.locator('[data-totp-secret]').textContent()
  secrets.set(page, shown!.replaceAll(' ', ''))
  return still(page)
}

/** What the app shows that was set up on this page; or would, if its clock was so far off. */
export const offCode = (page: Page, offMs: number): string =>
  generateSync({ secret: secrets.get(page)!, epoch: Math.floor((NOW + offMs) / 1000) })

export const codeNow = (page: Page): string => offCode(page, 0)

/** Puts a secret and codes into the page that are always the same, where it shows some. */
export async function still(page: Page): Promise<Page> {
  const otpauth = `otpauth://totp/Ledgerly:lin%40initech.test?secret=${SECRET}&issuer=Ledgerly`
  const qr = await QRCode.toString(otpauth, { type: 'svg', margin: 4 })
  await page.evaluate(
    ({ groups, codes, qr: svg }) => {
      for (const each of document.querySelectorAll('[data-totp-secret]')) each.textContent = groups
      document.querySelectorAll('[data-recovery-code]').forEach((each, i) => (each.textContent = codes[i]!))
      for (const each of document.querySelectorAll('.sp-qr')) each.innerHTML = svg
    },
    { groups: SECRET.match(/.{4}/g)!.join(' '), codes: CODES, qr },
  )
  return page
}
