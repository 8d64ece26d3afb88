import assert from 'node:assert/strict'
import { BASE, FIREFOX, type Browser } from '../support/browser.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'
import { holdPost } from './in-flight.js'

const NEW = 'Violet-Kettle-77-Moor'
const CHANGE = { currentPassword: PASSWORDS.u1!, newPassword: NEW, confirmPassword: NEW }

describe('Somebody else has a copy of the session cookie, and the password', () => {
  let host: Host
  let arrivals: (() => void)[] = []
  const arrived = () => new Promise<void>((done) => arrivals.push(done))

  beforeEach(async () => {
    arrivals = []
    host = await startHost({
      before: (app) =>
        app.use((req, _res, next) => {
          next() // on SQLite the session is loaded before anything else gets its turn
          if (req.method === 'POST' && req.path.endsWith('/password')) arrivals.shift()?.()
        }),
    })
  })
  afterEach(() => host.close())

  async function thiefOf(victim: Browser): Promise<Browser> {
    const thief = host.browser(FIREFOX)
    thief.setCookie(`sallyport=${victim.cookie()!}; Path=/`)
    assert.equal(await thief.isSignedIn(), true)
    return thief
  }

  it('a rotation in the middle of the change of the password does not carry the thief over it', async () => {
    const victim = host.browser()
    await victim.signIn(ada, PASSWORDS.u1!)
    const thief = await thiefOf(victim)
    const held = await holdPost(victim, await victim.visit(`${BASE}/`), '/password', CHANGE, arrived)
    await thief.submit(await thief.visit(`${BASE}/step-up`), '/step-up', { password: PASSWORDS.u1! })
    const answer = await held.finish()
    assert.equal(answer.status, 401, 'the victim hears that nothing was done')
    const back = host.browser()
    await back.signIn(ada, PASSWORDS.u1!)
    const done = await back.submit(await back.visit(`${BASE}/`), '/password', CHANGE)
    assert.equal(done.status, 303)
    assert.equal(await thief.isSignedIn(), false)
    assert.equal(await back.isSignedIn(), true)
  })

  it('a change of the password that was under way when its session was revoked does not happen', async () => {
    const [owner, victim] = [host.browser(), host.browser()]
    await owner.signIn(ada, PASSWORDS.u1!)
    await victim.signIn(ada, PASSWORDS.u1!)
    const thief = await thiefOf(victim)
    const held = await holdPost(thief, await thief.visit(`${BASE}/`), '/password', CHANGE, arrived)
    await owner.submit(await owner.visit(`${BASE}/sessions`), '/revoke')
    assert.equal((await held.finish()).status, 401)
    assert.equal(await owner.isSignedIn(), true, 'the owner stays signed in')
    assert.equal((await host.browser().signIn(ada, PASSWORDS.u1!)).status, 303, 'and keeps the password')
  })

  it('what a browser stores after its session was revoked is not shared with the thief', async () => {
    const [owner, victim] = [host.browser(), host.browser()]
    await owner.signIn(ada, PASSWORDS.u1!)
    await victim.signIn(ada, PASSWORDS.u1!)
    const thief = await thiefOf(victim)
    await owner.submit(await owner.visit(`${BASE}/sessions`), '/sessions/revoke-others')
    await victim.json('/cart', { address: 'Harbour Street 7' })
    assert.deepEqual((await victim.json('/cart')).json, { address: 'Harbour Street 7' })
    assert.equal((await thief.json('/cart')).response.text, 'null')
    await thief.json('/cart', { planted: true })
    assert.deepEqual((await victim.json('/cart')).json, { address: 'Harbour Street 7' })
  })

  it('an old cookie of a rotated session stores nothing, and is sent no new one', async () => {
    const victim = host.browser()
    await victim.signIn(ada, PASSWORDS.u1!)
    const thief = await thiefOf(victim)
    await victim.submit(await victim.visit(`${BASE}/`), '/password', CHANGE)
    const answer = await thief.json('/cart', { planted: true })
    assert.equal(answer.response.headers['set-cookie'], undefined)
    assert.equal((await thief.json('/cart')).response.text, 'null')
    assert.equal(await victim.isSignedIn(), true)
  })
})
