import assert from 'node:assert/strict'
import { generateSync } from 'otplib'
import { BASE, type Browser, type Page } from './browser.js'
import type { TestClock } from './clock.js'

export const STEP_MS = 30_000

/** The code that an app shows for a secret at a time, in milliseconds since the epoch. */
export const codeAt = (secret: string, at: number): string => generateSync({ secret, epoch: Math.floor(at / 1000) })

/** Somebody's authenticator app; its time is that of the test. */
export class Authenticator {
  constructor(
    readonly secret: string,
    readonly clock: TestClock,
    /** Shown once, when it was set up. */
    readonly recoveryCodes: readonly string[] = [],
  ) {}

  /** What it shows now, or would with its clock so far off. */
  code(offMs = 0): string {
    return codeAt(this.secret, this.clock.now() + offMs)
  }

  /** Waits for a code that was never used. */
  next(): string {
    this.clock.advance(STEP_MS)
    return this.code()
  }

  /** A code that is none of those around now. */
  wrong(): string {
    const near = new Set(Array.from({ length: 21 }, (_, i) => this.code((i - 10) * STEP_MS)))
    return Array.from({ length: 30 }, (_, i) => String(100_000 + i)).find((code) => !near.has(code))!
  }
}

/** Sets an authenticator up for who is signed in, as a script does; the codes count as saved unless told. */
export async function enrol(browser: Browser, clock: TestClock, { saved = true } = {}): Promise<Authenticator> {
  const { csrfToken } = (await browser.json(`${BASE}/`)).json
  const begun = await browser.json(`${BASE}/totp/enrol`, { csrfToken })
  assert.equal(begun.status, 200, begun.response.text)
  const app = new Authenticator(begun.json.secret as string, clock)
  const confirmed = await browser.json(`${BASE}/totp/confirm`, { csrfToken, code: app.next() })
  assert.equal(confirmed.status, 200, confirmed.response.text)
  if (saved) assert.equal((await browser.json(`${BASE}/recovery-codes/saved`, { csrfToken, saved: true })).status, 200)
  clock.advance(STEP_MS) // what the host verifies in the very millisecond of a change, it does not believe
  return new Authenticator(app.secret, clock, confirmed.json.recoveryCodes as string[])
}

/** Gives the second half of a sign-in, on the page that the first half leads to. */
export async function giveCode(browser: Browser, code: string, fields: Record<string, string> = {}): Promise<Page> {
  return browser.submit(await browser.visit(`${BASE}/two-factor`), '/two-factor', { code, ...fields })
}

export async function giveRecoveryCode(browser: Browser, recoveryCode: string): Promise<Page> {
  return browser.submit(await browser.visit(`${BASE}/two-factor?using=recovery_code`), '/two-factor', { recoveryCode })
}
