import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import type { MessageKey } from 'sallyport'
import { de } from '../../views/messages/de.js'
import { en } from '../../views/messages/en.js'
import { layoutFlaws } from './layout.js'

/** Every rule that axe has, those included that are off by default (target size, contrast of 7:1). */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag2aaa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice', 'experimental']
/** The rules whose answer another theme can change. */
const COLOURS = ['color-contrast', 'color-contrast-enhanced', 'link-in-text-block']
/**
 * Widths in CSS pixels. 320 is where WCAG 1.4.10 wants a page to be read without scrolling sideways, and 1280 at a zoom
 * of 400%, which are looked at below. 768 and 992 are our breakpoints.
 */
const WIDTHS = [375, 768, 992, 1600]
/** What a reader may set by WCAG 1.4.12, without loss of content. */
const SPACED = `* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
  p { margin-block-end: 2em !important }`

/** What is wrong with a page, in any look in which the answer can differ. */
export async function flawsOf(page: Page): Promise<string[]> {
  const inline = await page.locator('[style], style, script:not([src])').count()
  const flaws = inline ? [`${inline} elements with a style or a script of their own`] : []
  for (const width of WIDTHS) flaws.push(...(await laidOut(page, width)))
  await page.emulateMedia({ colorScheme: 'dark' })
  flaws.push(...(await laidOut(page, 320)), ...(await violations(page, 'dark, 320 px', 'colours')))
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1280, height: 900 })
  flaws.push(...(await violations(page, 'light, 1280 px')), ...(await spacious(page)))
  return flaws
}

/** What another language can change: how long texts are, and what they are called. */
export async function flawsInGerman(page: Page): Promise<string[]> {
  const flaws = (await page.locator('html').getAttribute('lang')) === 'de' ? [] : ['this is not German']
  for (const width of [768, 320]) flaws.push(...(await laidOut(page, width)))
  return [...flaws, ...(await violations(page, '320 px', 'no colours')), ...(await spacious(page))]
}

async function laidOut(page: Page, width: number, how = ''): Promise<string[]> {
  await page.setViewportSize({ width, height: 900 })
  return (await page.evaluate(layoutFlaws)).map((flaw) => `${width} px${how}: ${flaw}`)
}

/** With room between letters, words and lines, wide and narrow. Set by script, so that our Content-Security-Policy stays. */
async function spacious(page: Page): Promise<string[]> {
  await page.evaluate((css) => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    document.adoptedStyleSheets.push(sheet)
  }, SPACED)
  const flaws = [...(await laidOut(page, 320, ', spaced')), ...(await laidOut(page, 1280, ', spaced'))]
  await page.evaluate(() => void document.adoptedStyleSheets.pop())
  return flaws
}

/** What axe finds wrong with what is seen now. */
export async function violations(
  page: Page,
  how: string,
  which: 'all' | 'colours' | 'no colours' = 'all',
): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode() // our pages have no frames, and so need no page to join them on
  axe.options({ resultTypes: ['violations'] }) // what passes need not be described
  if (which === 'colours') axe.withRules(COLOURS)
  else axe.withTags(TAGS).disableRules(which === 'all' ? [] : COLOURS)
  const result = await axe.analyze()
  return result.violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ html }) => `${how}: ${id} (${impact}): ${html}`),
  )
}

/** A text of ours in a language, whatever is filled in. */
export function textOf(key: MessageKey, language: 'en' | 'de'): RegExp {
  const text = { en, de }[language][key]
  const literal = (typeof text === 'string' ? text : text.other).replace(/[.*+?^$()|[\]\\]/g, '\\$&')
  return new RegExp(literal.replace(/\{\w+\}/g, '.*'))
}
