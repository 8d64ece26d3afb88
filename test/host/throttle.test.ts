import assert from 'node:assert/strict'
import express from 'express'
import { handle } from '../../middleware/handle.js'
import { ACCOUNTS, seenAs, startKeptHost, type KeptHost } from '../support/kept-host.js'
import { until } from '../support/clock.js'

const ada = ACCOUNTS[0]!

describe('A host that lets our throttle hold its own login back', () => {
  let host: KeptHost
  let checked = 0
  before(async () => {
    host = await startKeptHost({
      passport: null,
      routes: (app, { security }) => {
        const work = handle(async (req, res) => {
          const { email, password } = req.body as { email: string; password: string }
          const check = () => {
            checked += 1
            const account = ACCOUNTS.find((each) => each.email === email)
            return account?.password === password ? account : null
          }
          const account = await security!.throttleSignIn(req, email, check)
          if (account) await security!.signIn(req, account, { amr: ['pwd'] })
          res.status(account ? 200 : 422).json({ ok: account !== null })
        })
        app.post('/login', express.json(), work)
      },
    })
  })
  after(() => host.close())

  it('guesses are held back, also with the right password, while the owner comes in on a known device', async () => {
    const owner = host.browser()
    assert.equal((await owner.json('/login', ada)).status, 200)
    const guesser = host.browser()
    const statuses: number[] = []
    for (let i = 0; i < 9; i += 1)
      statuses.push((await guesser.json('/login', { ...ada, password: `guess ${i}` })).status)
    assert.deepEqual(statuses, [422, 422, 422, 422, 422, 429, 429, 429, 429])
    const before = checked
    const right = await guesser.json('/login', ada)
    assert.equal(right.status, 429)
    assert.equal(right.json.code, 'too_many_requests')
    assert.ok(Number(right.response.headers['retry-after']) >= 1)
    assert.equal(checked, before, 'the password was not even looked at')

    assert.equal((await owner.json('/login', ada)).status, 200)
    host.clock.advance(1_800_000)
    assert.equal((await guesser.json('/login', ada)).status, 200)
  })

  it('and the failures are in the audit log', async () => {
    const heard: unknown[] = []
    const stop = host.security!.on('auth.sign_in_failed', ({ userId, details }) => heard.push([userId, details.reason]))
    await host.browser().json('/login', { email: 'nobody@acme.test', password: 'x' })
    await host.browser().json('/login', { ...ada, password: 'x' })
    await until('both were written down', () => heard.length === 2)
    stop()
    assert.deepEqual(heard, [
      [null, 'invalid_credentials'],
      ['1', 'invalid_credentials'],
    ])
    assert.equal(await seenAs(host.browser()), null)
  })
})
