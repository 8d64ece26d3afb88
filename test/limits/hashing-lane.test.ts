import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Request, Response } from 'express'
import { SecurityError } from 'sallyport'
import { RequestStates } from '../../middleware/request-state.js'
import { SignInDoor } from '../../middleware/sign-in-door.js'
import { systemClock } from '../../src/core/clock.js'
import { HashingLane } from '../../src/features/passwords/hashing-lane.js'
import { openDatabase } from '../../src/stores/sql/database.js'
import { ada, PASSWORDS, startHost, type Host } from '../support/host.js'
import { until } from '../support/clock.js'
import { BASE } from '../support/browser.js'
import { WRONG } from './guess.js'

/** Work that goes on until it is told to end. */
function held() {
  let end: () => void = () => {}
  const ended = new Promise<void>((done) => (end = done))
  return { end, work: () => ended }
}
const settled = () => new Promise((done) => setImmediate(done))
const isBusy = (error: unknown) => error instanceof SecurityError && error.code === 'busy' && error.status === 503

describe('The hashing lane', () => {
  it('runs so many at once, lets so many wait, and refuses the rest at once', async () => {
    const lane = new HashingLane({ concurrent: 2, waiting: 1 })
    const [a, b, c] = [held(), held(), held()]
    const begun: string[] = []
    const run = (name: string, { work }: { work: () => Promise<void> }) =>
      lane.run(async () => {
        begun.push(name)
        await work()
      })
    const running = [run('a', a), run('b', b), run('c', c)]
    await settled()
    assert.deepEqual(begun, ['a', 'b'])
    await assert.rejects(run('d', held()), isBusy)
    assert.throws(() => lane.assertRoom(), isBusy)
    b.end()
    await running[1]
    assert.deepEqual(begun, ['a', 'b', 'c'])
    lane.assertRoom()
    a.end()
    c.end()
    await Promise.all(running)
  })

  it('keeps a fifth of its room for the known', async () => {
    const lane = new HashingLane({ concurrent: 1, waiting: 10 })
    let end = () => {}
    const held = new Promise<void>((done) => (end = done))
    const strangers = Array.from({ length: 9 }, () => lane.run(() => held, 'stranger'))
    await assert.rejects(
      lane.run(() => held, 'stranger'),
      { code: 'busy' },
    )
    const known = [lane.run(() => held, 'known'), lane.run(() => held, 'known')]
    await assert.rejects(
      lane.run(() => held, 'known'),
      { code: 'busy' },
    )
    end()
    await Promise.all([...strangers, ...known])
  })

  it('goes on when work fails', async () => {
    const lane = new HashingLane({ concurrent: 1, waiting: 1 })
    const failing = lane.run(() => Promise.reject(new Error('malformed hash')))
    const next = lane.run(() => Promise.resolve('next'))
    await assert.rejects(failing, /malformed hash/)
    assert.equal(await next, 'next')
    assert.equal(await lane.run(() => Promise.resolve('and the next')), 'and the next')
  })

  it("what the host sets has a place of its own: one at a time, also from inside a visitor's check", async () => {
    const lane = new HashingLane({ concurrent: 1, waiting: 3 })
    const order: string[] = []
    const [first, ours] = [held(), held()]
    const note = (name: string) => () => Promise.resolve(void order.push(name))
    const visitors = [lane.run(first.work), ...[1, 2, 3].map((i) => lane.run(note(`visitor ${i}`)))]
    await assert.rejects(lane.run(note('one too many')), isBusy)
    const sets = [lane.runPatiently(ours.work), lane.runPatiently(note('ours 2'))]
    ours.end()
    await Promise.all(sets)
    assert.deepEqual(order, ['ours 2'], 'no visitor had to be done first')
    first.end()
    await Promise.all(visitors)
    assert.deepEqual(order, ['ours 2', 'visitor 1', 'visitor 2', 'visitor 3'])
    await lane.run(() => lane.runPatiently(note('inside')))
    assert.equal(order.at(-1), 'inside')
  })
})

describe('The door before the sign-in', () => {
  const requests = new AsyncLocalStorage<string>()
  /** Everybody comes in the same moment; who is let in by when, and in whose name. */
  function arrivals(lane: HashingLane, names: string[]) {
    const letIn: [string, string | undefined][] = []
    const states = new RequestStates()
    const knownDevice = { isClaimedBy: () => false }
    const told = { pages: undefined as never, report: () => {} }
    const parts = { lane, knownDevice, states, secure: false, clock: systemClock, ...told }
    const { middleware } = new SignInDoor(parts)
    const req = () => ({ socket: { writable: true } }) as Request
    for (const name of names)
      requests.run(name, () => {
        void middleware(req(), {} as Response, () => letIn.push([name, requests.getStore()]))
      })
    return letIn
  }

  it('lets one in per turn of the event loop, in the order in which they came', async () => {
    const letIn = arrivals(new HashingLane({ concurrent: 1, waiting: 9 }), ['a', 'b', 'c'])
    for (const expected of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
      await settled()
      assert.deepEqual(
        letIn.map(([name]) => name),
        expected,
      )
    }
  })

  it("leaves each in its own async context, where the host keeps a request's name", async () => {
    const letIn = arrivals(new HashingLane({ concurrent: 1, waiting: 9 }), ['a', 'b', 'c'])
    for (let turns = 0; turns < 4; turns += 1) await settled()
    assert.deepEqual(letIn, [
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
    ])
  })
})

describe('More sign-ins at once than the lane takes', () => {
  const CROWD = 25
  let host: Host
  before(async () => void (host = await startHost({ passwords: { hashing: { concurrent: 1, waiting: 2 } } })))
  after(() => host.close())

  it('are refused with 503 and Retry-After; nothing was verified or counted; the next one is served', async () => {
    const browsers = Array.from({ length: CROWD }, () => host.browser())
    const forms = await Promise.all(browsers.map((browser) => browser.visit(`${BASE}/sign-in`)))
    const pages = await Promise.all(
      browsers.map((browser, i) =>
        browser.submit(
          forms[i]!,
          '/sign-in',
          { email: `crowd${i}@acme.test`, password: WRONG },
          { Accept: i % 2 ? 'application/json' : 'text/html' },
        ),
      ),
    )
    const refused = pages.filter((page) => page.status === 503)
    const heard = pages.filter((page) => page.status === 422)
    assert.equal(refused.length + heard.length, CROWD)
    assert.ok(heard.length >= 3 && refused.length >= 1, `${heard.length} heard, ${refused.length} refused`)
    for (const { response, text, json } of refused) {
      assert.equal(response.headers['retry-after'], '2')
      assert.equal(response.headers['cache-control'], 'no-store')
      assert.match(response.headers['content-security-policy'] as string, /default-src 'none'/)
      if (response.type.includes('html'))
        assert.match(text, /Many people are signing in right now.*Try again in 2 seconds/)
      else assert.deepEqual(json, { title: 'busy', status: 503, code: 'busy', retryAfter: 2 })
    }
    const db = await openDatabase(host.database)
    const rows = await db.selectFrom('security_throttles').select('attempts').execute()
    await db.destroy()
    const most = Math.max(...rows.map((row) => (JSON.parse(row.attempts) as number[]).length))
    assert.equal(most, heard.length, 'failures of their network')
    assert.match(String(host.errors.splice(0)), /sign-ins wait for their password to be verified/)
    assert.equal((await host.browser().signIn(ada, PASSWORDS.u1!)).status, 303)
  })

  it('leave room for whoever has signed in with this browser before, though the crowd came first', async () => {
    const wide = await startHost({ passwords: { hashing: { concurrent: 1, waiting: 10 } } })
    try {
      const owner = wide.browser()
      await owner.signIn(ada, PASSWORDS.u1!)
      await owner.submit(await owner.visit(`${BASE}/`), '/sign-out')
      const ours = await owner.visit(`${BASE}/sign-in`)
      const browsers = Array.from({ length: 2 * CROWD }, () => wide.browser())
      const forms = await Promise.all(browsers.map((browser) => browser.visit(`${BASE}/sign-in`)))
      const crowd = browsers.map((browser, i) =>
        browser.submit(forms[i]!, '/sign-in', { email: `crowd${i}@acme.test`, password: WRONG }),
      )
      const signedIn = owner.submit(ours, '/sign-in', { email: ada.email, password: PASSWORDS.u1! })
      assert.equal((await signedIn).status, 303)
      assert.ok((await Promise.all(crowd)).filter((page) => page.status === 503).length > 10, 'else there was no crowd')
      wide.errors.splice(0)
    } finally {
      await wide.close()
    }
  })

  it('leave room in the lane itself, where the device is verified', async () => {
    let free = () => {}
    const held = new Promise<boolean>((done) => (free = () => done(false)))
    let asked = 0
    const wide = await startHost({
      passwords: { hashing: { concurrent: 1, waiting: 5 } },
      routes: (app, security) =>
        void app.post('/own-sign-in', (req, res, next) => {
          asked += 1
          security.throttleSignIn(req, `eve${asked}@acme.test`, () => held).then(() => res.end(), next)
        }),
    })
    try {
      const owner = wide.browser()
      await owner.signIn(ada, PASSWORDS.u1!)
      await owner.submit(await owner.visit(`${BASE}/`), '/sign-out')
      const crowd = Array.from({ length: 5 }, () => wide.browser().post('/own-sign-in', {}))
      await until('the crowd', () => asked === 5)
      await new Promise((done) => setTimeout(done, 200)) // until it waits in the lane; nobody announces that
      const signedIn = owner.signIn(ada, PASSWORDS.u1!)
      await new Promise((done) => setTimeout(done, 100)) // it would be refused at once
      free()
      assert.equal((await signedIn).status, 303)
      await Promise.all(crowd)
      wide.errors.splice(0)
    } finally {
      free()
      await wide.close()
    }
  })

  it('do not keep the host from setting passwords: that waits for its turn', async () => {
    await Promise.all(Array.from({ length: 6 }, () => host.security.passwords.set(ada.id, PASSWORDS.u1!)))
    assert.deepEqual(host.errors, [])
  })
})
