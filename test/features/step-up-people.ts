import assert from 'node:assert/strict'
import type { Browser } from '../support/browser.js'
import { PASSWORDS, type Host, type Person } from '../support/host.js'

/** So long after a proof it is too old. */
export const STALE_MS = 600_001

/** Signs in with the password alone. */
export async function signedIn(host: Host, person: Person): Promise<Browser> {
  const browser = host.browser()
  assert.equal((await browser.signIn(person, PASSWORDS[person.id]!)).status, 303)
  return browser
}
