/// <reference lib="dom" />
import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'

/** Somebody who has no mouse. Wherever the focus goes, it has to be seen. */
export class Keyboard {
  constructor(readonly page: Page) {}

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key)
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text)
  }

  /** Goes on to the next control. */
  async tab(key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    await this.press(key)
    assert.equal(await this.page.evaluate(focusFlaw), null)
  }

  /** Goes on, with Tab alone, until the control has the focus. */
  async goTo(control: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    for (let i = 0; i < 40; i += 1) {
      if (await control.and(this.page.locator(':focus')).count()) return
      await this.tab(key)
    }
    assert.fail(`the keyboard does not get to ${String(control)}`)
  }

  async enter(control: Locator): Promise<void> {
    await this.goTo(control)
    await this.press('Enter')
  }

  /** Fills in a field: what stands in it is replaced. */
  async fill(field: Locator, text: string): Promise<void> {
    await this.goTo(field)
    await this.press('Control+a')
    await this.type(text)
  }

  async isAt(control: Locator): Promise<void> {
    await control.and(this.page.locator(':focus')).waitFor()
  }

  /** Where Tab leads on this page, from its beginning until it leaves it. */
  async wayThrough(): Promise<Stop[]> {
    await this.page.locator('.sp-skip').focus() // the first: where a page puts the focus by itself is the middle
    const stops: Stop[] = []
    for (let i = 0; i < 80; i += 1) {
      const stop = await this.page.evaluate(currentStop)
      if (stop === null || stops.some(({ id }) => id === stop.id)) return stops
      assert.equal(await this.page.evaluate(focusFlaw), null)
      stops.push(stop)
      await this.press('Tab')
    }
    return stops
  }
}

export interface Stop {
  /** Where it stands among all elements. */
  id: number
  name: string
  /** The part of the page that it belongs to. */
  part: string
  left: number
  top: number
  bottom: number
}

function currentStop(): Stop | null {
  const element = document.activeElement
  if (!element || element === document.body) return null
  const { left, top, bottom } = element.getBoundingClientRect()
  const name = element.getAttribute('aria-label') ?? (element.textContent.trim() || element.getAttribute('name')!)
  const part = element.closest('header, nav, main')?.tagName ?? 'BODY'
  const id = [...document.querySelectorAll('*')].indexOf(element)
  return { id, name, part, left, top: top + scrollY, bottom: bottom + scrollY }
}

/** Why nobody sees where the focus is; null: it is seen, or has left the page. */
function focusFlaw(): string | null {
  const element = document.activeElement
  if (!element || element === document.body) return null
  const { left, top, width, height } = element.getBoundingClientRect()
  const what = element.outerHTML.slice(0, 120)
  const { outlineStyle, outlineWidth } = getComputedStyle(element)
  if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return `is hidden: ${what}`
  if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2) return `has no outline: ${what}`
  const onTop = document.elementFromPoint(left + width / 2, top + height / 2)
  return onTop && (element.contains(onTop) || onTop.contains(element)) ? null : `is covered or out of sight: ${what}`
}
