/// <reference lib="dom" />
import type { Page } from 'playwright-core'

type Shift = PerformanceEntry & { value: number }
type Counting = typeof globalThis & { shifts: number; counter: PerformanceObserver }

/** Counts on every page of this context what moves, whether somebody has just pressed something or not. */
export async function countLayoutShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const counting = globalThis as Counting
    counting.shifts = 0
    const add = (entries: PerformanceEntry[]) => {
      for (const entry of entries as Shift[]) counting.shifts += entry.value
    }
    counting.counter = new PerformanceObserver((list) => add(list.getEntries()))
    counting.counter.observe({ type: 'layout-shift', buffered: true })
  })
}

/** How much has moved since the page was opened; 0: nothing. */
export async function layoutShifts(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done))
    for (let i = 0; i < 3; i += 1) await frame()
    const counting = globalThis as Counting
    for (const entry of counting.counter.takeRecords() as Shift[]) counting.shifts += entry.value
    return counting.shifts
  })
}

/** Lets all animations come to their end. */
export async function finishAnimations(page: Page): Promise<void> {
  await page.evaluate(() => document.getAnimations().forEach((animation) => animation.finish()))
}

/** What moves now, or is going to: the names of animations, and the classes of what they animate. */
export async function animations(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    document.getAnimations().map((animation) => {
      const { target } = animation.effect as KeyframeEffect
      const name = animation instanceof CSSAnimation ? animation.animationName : 'transition'
      return `${name} on .${target!.classList[1] ?? target!.classList[0]} #${target!.getAttribute('aria-labelledby') ?? ''}`
    }),
  )
}
