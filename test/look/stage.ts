import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { request, type APIRequestContext, type BrowserContextOptions, type Page } from 'playwright-core'
import type { Chromium } from '../support/chromium.js'
import { startDemo } from '../support/demo.js'
import { freePort, tempFolder } from '../support/services.js'
import { locations, type Device } from './devices.js'
import { HOLD_ANIMATIONS } from './looks.js'

/** The moment at which every picture is taken. */
export const NOW = Date.UTC(2046, 10, 20, 14, 5)
export const BASE = '/account/security'
export const PRODUCT = 'Ledgerly'

const CLOCK = new URL('./still-date.js', import.meta.url).href

/** The demo in a process of its own, whose time is ours to tell, and browsers that visit it. */
export interface Stage {
  url: string
  chromium: Chromium
  /** Where the demo keeps its record. */
  database: string
  /** Lets it be so many milliseconds before NOW. */
  goTo(beforeNow: number): void
  /** Somebody at a browser that is never pictured. */
  unseen(device: Device): Promise<APIRequestContext>
  /** Somebody at a browser that may be pictured. */
  open(device: Device, options?: BrowserContextOptions): Promise<Page>
  close(): Promise<void>
}

export async function openStage(chromium: Chromium): Promise<Stage> {
  const [port, folder] = await Promise.all([freePort(), tempFolder()])
  const [clock, places] = [join(folder.path, 'clock'), join(folder.path, 'places.mmdb')]
  const goTo = (beforeNow: number) => {
    writeFileSync(`${clock}.new`, String(NOW - beforeNow))
    renameSync(`${clock}.new`, clock) // it is read at any time, and never half-written
  }
  goTo(40 * 86_400_000)
  writeFileSync(places, locations())
  const demo = await startDemo({
    PORT: String(port),
    DATA_DIR: folder.path,
    LOCATIONS: places,
    TRUST_PROXY: '1',
    STILL_DATE: clock,
    NODE_OPTIONS: `--import=${CLOCK}`,
  })
  const url = `http://localhost:${port}`
  return {
    url,
    chromium,
    database: `sqlite:${join(folder.path, 'security.db')}`,
    goTo,
    unseen: ({ agent, address }) => {
      const extraHTTPHeaders = { 'User-Agent': agent, 'X-Forwarded-For': address }
      return request.newContext({ baseURL: url, extraHTTPHeaders })
    },
    open: (device, options) => openPage(chromium, url, device, options),
    close: async () => {
      await demo.stop()
      await folder.remove()
    },
  }
}

/** A browser whose clock stands still as well, and whose pictures are the same every time. */
export async function openPage(
  chromium: Chromium,
  url: string,
  { agent, address }: Device,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const { page } = await chromium.visitor(url, {
    userAgent: agent,
    extraHTTPHeaders: { 'X-Forwarded-For': address },
    locale: 'en-GB',
    timezoneId: 'UTC',
    bypassCSP: true, // the style that hides the caret is Playwright's, not the page's
    ...options,
  })
  await page.clock.setFixedTime(NOW)
  await page.addInitScript(HOLD_ANIMATIONS)
  return page
}

/** The same session in a browser with other settings: without script, or one that asks for another language. */
export async function also(stage: Stage, page: Page, device: Device, options: BrowserContextOptions): Promise<Page> {
  const storageState = await page.context().storageState()
  return stage.open(device, { ...options, storageState })
}
