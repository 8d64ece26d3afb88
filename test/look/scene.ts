import type { Page } from 'playwright-core'
import type { Cast } from './cast.js'
import type { Look } from './looks.js'
import { BASE, type Stage } from './stage.js'

/** A page in one of its states. */
export interface Scene {
  /** The pictures are called docs/images/<name>-<look>.png. */
  name: string
  /** What the page is for, in one line of docs/screens.md. */
  about: string
  /** A text that is there when one has arrived. */
  seen: string
  /** How one gets there; a later scene goes on from where an earlier one has led. */
  lead: (stage: Stage, cast: Cast) => Promise<Page>
  /** What stands in the window and not on the page, as a dialog does: the picture shows no more than the window. */
  inWindow?: boolean
  /** Beside `desktop`, `phone` and `dark`. */
  alsoAs?: readonly Look[]
}

export interface Chapter {
  title: string
  scenes: readonly Scene[]
}

/** Opens one of our pages. */
export async function visit(page: Page, path: string): Promise<Page> {
  await page.goto(BASE + path)
  return page
}

export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

export async function fillIn(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.locator(`[name=${name}]`).fill(value)
}

/** Lets the token of the page's form be one that is no longer good. */
export const spoilToken = (page: Page) =>
  page.locator('input[name=csrfToken]').evaluateAll((inputs) => {
    for (const input of inputs) input.setAttribute('value', 'old')
  })
