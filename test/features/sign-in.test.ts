import assert from 'node:assert/strict'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'
import { BASE } from '../support/browser.js'

describe('Signing in', () => {
  let host: Host
  before(async () => void (host = await startHost()))
  after(() => host.close())

  it('a member signs in and lands on the page that was asked for', async () => {
    const browser = host.browser()
    const refused = await browser.visit('/invoices')
    assert.equal(refused.location, `${BASE}/sign-in?returnTo=%2Finvoices`)
    const page = await browser.follow(refused)
    const done = await browser.submit(page, '/sign-in', { email: ada.email, password: PASSWORDS.u1! })
    assert.equal(done.status, 303)
    assert.equal(done.location, '/invoices')
    assert.equal((await browser.visit('/invoices')).status, 200)
  })
})
