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
      security: { passwords: { hashing: { concurrent: 1 } } },
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
        app.post(
          '/moves-passwords',
          express.json(),
          handle(async (req, res) => {
            const moved = await security!.throttleSignIn(req, ada.email, async () => {
              await security!.passwords.set('1', 'Correct-Horse-7-Battery')
              return true
            })
            res.json({ moved })
          }),
        )
        app.post(
          '/hangs',
          handle(async (req, res) => {
            const never = new Promise<boolean>(() => {})
            res.json(await security!.throttleSignIn(req, `somebody-${Math.random()}@acme.test`, () => never))
          }),
        )
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

  it('a check may set the password in our tables by the way, with one place in the lane', async () => {
    assert.deepEqual((await host.browser().json('/moves-passwords', {})).json, { moved: true })
  })

  it('a check that never ends is given up, and locks nobody else out', async function () {
    this.timeout(30_000)
    const hanging = [host.browser().json('/hangs', {})]
    const others = host.browser().json('/login', { ...ada, email: 'late@acme.test' })
    for (const answer of await Promise.all(hanging)) {
      assert.equal(answer.status, 503)
      assert.equal(answer.json.code, 'busy')
    }
    assert.equal((await others).status, 422)
    host.clock.advance(1_800_000)
    assert.equal((await host.browser().json('/login', ada)).status, 200)
  })

  it('an e-mail that is no text is refused before anybody is asked', async () => {
    const before = checked
    for (const email of [['ada@acme.test'], { $gt: '' }, 7, null, undefined])
      assert.equal((await host.browser().json('/login', { email, password: 'x' })).status, 400)
    assert.equal(checked, before)
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
