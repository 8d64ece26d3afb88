import assert from 'node:assert/strict'
import type { Host } from '../support/host.js'
import { BASE, type Browser, type Page } from '../support/browser.js'

export const WRONG = 'Wrong-Guess-11-Here'

export interface Guess {
  email: string
  password?: string
  /** What the proxy in front says about the client. */
  from?: string
  /** A browser that was here before; else a new one. */
  browser?: Browser
  accept?: string
}

/** One attempt to sign in, as somebody who has just opened the page. */
export async function guess(
  host: Pick<Host, 'browser'>,
  { email, password = WRONG, from = '198.51.100.1', browser = host.browser(), accept = 'text/html' }: Guess,
): Promise<Page> {
  const form = await browser.visit(`${BASE}/sign-in`, { 'X-Forwarded-For': from })
  assert.equal(form.status, 200)
  return browser.submit(form, '/sign-in', { email, password }, { 'X-Forwarded-For': from, Accept: accept })
}

/** Guesses until somebody says to wait; how often that was allowed. */
export async function guessUntilRefused(host: Pick<Host, 'browser'>, of: (i: number) => Guess, most = 80) {
  for (let tries = 0; tries < most; tries += 1) {
    const page = await guess(host, of(tries))
    if (page.status === 429) return { tries, page, wait: retryAfter(page) }
    assert.equal(page.status, 422, page.text)
  }
  throw new assert.AssertionError({ message: `${most} guesses and no end` })
}

/** Whole seconds, one or more. */
export function retryAfter(page: Page): number {
  const header = page.response.headers['retry-after'] as string
  assert.match(header ?? '', /^[1-9]\d*$/)
  return Number(header)
}
