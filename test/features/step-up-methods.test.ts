import assert from 'node:assert/strict'
import { ConfigurationError } from 'sallyport'
import { openDatabase } from '../../src/stores/sql/database.js'
import { enrol } from '../support/authenticator.js'
import { BASE } from '../support/browser.js'
import { StillClock } from '../support/clock.js'
import { ada, grace, PASSWORDS, startHost, type Host, type HostOptions, type Person } from '../support/host.js'
import { signedIn, STALE_MS } from './step-up-people.js'

const PAGE = `${BASE}/step-up?returnTo=%2Fpayouts`

describe('What a user can confirm with', () => {
  let host: Host
  const start = async (options: HostOptions = {}) => (host = await startHost({ clock: new StillClock(), ...options }))
  afterEach(async () => {
    assert.deepEqual(host.errors, [])
    await host.close()
  })

  async function givePasskey({ id }: Person): Promise<void> {
    const db = await openDatabase(host.database)
    const key = {
      credential_id: `of ${id}`,
      public_key: 'none',
      sign_count: 0,
      transports: '[]',
      aaguid: '',
      synced: 0 as const,
    }
    const row = { id: `k-${id}`, user_id: id, name: 'Key', created_at: 0, last_used_at: null, ...key }
    await db.insertInto('security_passkeys').values(row).execute()
    await db.destroy()
  }

  it('with a passkey alone either that or the password, while no second factor is enforced', async () => {
    await start()
    const browser = await signedIn(host, grace)
    await givePasskey(grace)
    host.clock.advance(STALE_MS)
    const page = await browser.visit(PAGE)
    assert.equal(page.$('input[name=password]').length, 1)
    assert.equal(page.$('form[data-sp-passkey]').length, 1)
    const passed = await browser.submit(page, '/step-up', { password: PASSWORDS.u2! })
    assert.deepEqual([passed.status, passed.location], [303, '/payouts'])
  })

  it('where one is enforced, the passkey stands in for it, and the password alone is refused', async () => {
    let enforced = false
    await start({ twoFactor: { enforced: () => enforced } })
    const browser = await signedIn(host, grace)
    await givePasskey(grace)
    enforced = true
    host.clock.advance(STALE_MS)
    const page = await browser.visit(PAGE)
    assert.equal(page.$('input[name=password]').length, 0)
    assert.equal(page.$('form[data-sp-passkey]').length, 1)
    const { csrfToken } = (await browser.json(`${BASE}/`)).json
    const json = await browser.json(`${BASE}/step-up`, { csrfToken, password: PASSWORDS.u2! })
    assert.deepEqual([json.status, json.json.fields], [422, { passkey: ['required'] }])
    assert.equal((await browser.visit('/payouts')).status, 303)
  })

  it('a browser that is trusted with the second factor is asked all the same', async () => {
    await start({
      twoFactor: { trustBrowser: '30d' },
      routes: (at, security) =>
        void at.get('/ever', security.requireStepUp({ maxAge: '40000d' }), (_req, res) => void res.send('ever')),
    })
    const browser = await signedIn(host, ada)
    const app = await enrol(browser, host.clock)
    await browser.submit(await browser.visit(`${BASE}/`), '/sign-out')
    const half = await browser.follow(await browser.signIn(ada, PASSWORDS.u1!))
    const code = app.next()
    assert.equal((await browser.submit(half, '/two-factor', { code, trustBrowser: 'on' })).status, 303)
    assert.equal((await browser.visit('/payouts')).status, 200)
    await browser.submit(await browser.visit(`${BASE}/`), '/sign-out')
    await browser.signIn(ada, PASSWORDS.u1!)
    assert.ok(await browser.isSignedIn(), 'the code is not asked for')
    assert.equal((await browser.visit('/payouts')).location, PAGE)
    assert.equal((await browser.visit('/ever')).status, 303)
    assert.equal((await browser.submit(await browser.visit(PAGE), '/step-up', { code: app.next() })).status, 303)
    assert.equal((await browser.visit('/payouts')).status, 200)
  })

  it('nobody can have a guard that asks for what there is not', async () => {
    const { security } = await start()
    for (const amr of [[], ['sms'], 'hwk'] as unknown as ['hwk'][])
      assert.throws(() => security.requireStepUp({ amr }), ConfigurationError)
  })
})
