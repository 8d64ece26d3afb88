import type { Page } from 'playwright-core'

/** In which ways every page is pictured. */
export const LOOKS = {
  desktop: { width: 1280, height: 800, colorScheme: 'light' },
  phone: { width: 375, height: 812, colorScheme: 'light' },
  dark: { width: 1280, height: 800, colorScheme: 'dark' },
  'phone-dark': { width: 375, height: 812, colorScheme: 'dark' },
} as const
export type Look = keyof typeof LOOKS

/** So long an animation lasts at least that tells of something, as the highlight of what was just changed does. */
const TELLS_FROM_MS = 1_000

/** Runs in the page: what fades by itself is stopped where it begins, so that it is in the picture, however slow we are. */
export const HOLD_ANIMATIONS = `document.addEventListener('animationstart', (event) => {
  for (const animation of event.target.getAnimations()) {
    if (animation.effect.getComputedTiming().duration < ${TELLS_FROM_MS}) continue
    animation.pause()
    animation.currentTime = 0
  }
})`
/** Runs in the page: what only eases a change, such as a dialog that opens, has come to its end. */
const FINISH_OTHERS = `for (const animation of document.getAnimations())
  if (animation.playState !== 'paused' && animation.effect.getComputedTiming().duration < ${TELLS_FROM_MS})
    animation.finish()`

/** A picture (PNG) of the page as it is now, in this look: the whole of it, or what is seen in the window. */
export async function picture(page: Page, look: Look, { inWindow = false } = {}): Promise<Buffer> {
  const { colorScheme, ...size } = LOOKS[look]
  await page.setViewportSize(size)
  await page.emulateMedia({ colorScheme })
  await page.mouse.move(0, 0) // nothing is hovered
  await page.evaluate('scrollTo(0, 0)') // a dialog stands in the window, not on the page
  await page.evaluate(FINISH_OTHERS)
  return page.screenshot({ fullPage: !inWindow })
}
