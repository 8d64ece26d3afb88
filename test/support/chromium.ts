import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'

const EXECUTABLE = '/usr/bin/chromium'
/** Nothing of Chromium's own goes out, so that a request which does is ours. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-gpu', // where there is none, a program that plays one takes a fifth of the time
  // letters look the same wherever they are drawn
  '--font-render-hinting=none',
  '--disable-lcd-text',
  '--force-color-profile=srgb',
]

/** Somebody at a browser with cookies of its own. */
export interface Visitor {
  page: Page
  /** What went wrong on the way: console errors, refused content, missing files, requests to anybody else. */
  problems: string[]
  close(): Promise<void>
}

export interface Chromium {
  /** Opens a browser context on `url`; paths given to `page.goto` are relative to it. */
  visitor(url: string, options?: BrowserContextOptions): Promise<Visitor>
  close(): Promise<void>
}

/** Debian's Chromium; one per suite, a context per person. `env`: beside the environment of the tests. */
export async function launchChromium(env: Record<string, string> = {}): Promise<Chromium> {
  if (!existsSync(EXECUTABLE)) throw new Error('chromium is not installed; run: bash scripts/install-services.sh')
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    args: FLAGS,
    env: { ...process.env, ...env },
  })
  return {
    visitor: (url, options) => openContext(browser, url, options),
    close: () => browser.close(),
  }
}

async function openContext(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({ baseURL: url, ...options })
  context.setDefaultTimeout(10_000)
  const page = await context.newPage()
  const problems: string[] = []
  watch(page, url, problems)
  return { page, problems, close: () => context.close() }
}

function watch(page: Page, url: string, problems: string[]): void {
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`))
  page.on('console', (message) => {
    // a refused form or a missing page is an error to Chromium's console, too; files that are missing are found below
    if (message.text().startsWith('Failed to load resource: the server responded')) return
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`console: ${message.text()}`)
  })
  page.on('request', (request) => {
    const to = new URL(request.url())
    if (to.protocol !== 'data:' && to.origin !== url) problems.push(`request to ${to.href}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400 && !response.request().isNavigationRequest())
      problems.push(`${response.status()} for ${response.url()}`)
  })
  page.on('requestfailed', (request) => {
    const failure = request.failure()?.errorText ?? 'no answer'
    // what a page was still asking for when it was left, as the passkeys of a sign-in form
    if (failure !== 'net::ERR_ABORTED') problems.push(`${failure} for ${request.url()}`)
  })
}
