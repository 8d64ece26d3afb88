import assert from 'node:assert/strict'
import { Browser, FIREFOX } from '../support/browser.js'
import { startFleet, type Fleet } from './fleet.js'

const BASE = '/account/security'
const GRACE = { email: 'grace@acme.test', password: 'Purple-Lantern-42-Sails' }

describe('Two processes behind nginx, on one Redis and one PostgreSQL', function () {
  this.timeout(60_000)
  let fleet: Fleet
  let url: string

  before(async () => {
    fleet = await startFleet(2)
    url = fleet.url
  })
  after(() => fleet?.close())

  async function signedIn(agent?: string): Promise<Browser> {
    const browser = new Browser(url, agent)
    const page = await browser.visit(`${BASE}/sign-in`)
    assert.equal((await browser.submit(page, '/sign-in', GRACE)).status, 303)
    return browser
  }

  it('a session begun on one is known to the other, and so is its end', async () => {
    const [here, there] = [await signedIn(FIREFOX), await signedIn()]
    for (let i = 0; i < 6; i += 1) assert.equal((await there.visit('/invoices')).status, 200)
    const page = await here.visit(`${BASE}/sessions`)
    assert.match(page.text, /Firefox on Linux/)
    assert.equal((await here.submit(page, '/sessions/revoke-others')).status, 303)
    const after = await Promise.all(Array.from({ length: 8 }, () => there.visit('/invoices')))
    assert.deepEqual(new Set(after.map((each) => each.status)), new Set([303]), 'whichever process answers')
    for (let i = 0; i < 4; i += 1) assert.equal((await here.visit('/invoices')).status, 200)
  })

  it('a stream on one ends when the session is revoked on the other', async () => {
    const [watching, other] = [await signedIn(), await signedIn()]
    const opened = await Promise.all([watching, watching].map((each) => streamOf(each))) // one on each
    const page = await other.visit(`${BASE}/sessions`)
    await other.submit(page, '/sessions/revoke-others')
    for (const stream of opened) assert.match(await stream.end(), /event: ended/)
  })

  async function streamOf(browser: Browser) {
    const response = await fetch(`${url}/live`, { headers: { cookie: `sallyport=${browser.cookie()}` } })
    assert.equal(response.status, 200)
    const reader = response.body!.getReader()
    await reader.read()
    return {
      end: async () => {
        let text = ''
        for (;;) {
          const { done, value } = await reader.read()
          if (done) return text
          text += Buffer.from(value as Uint8Array).toString()
        }
      },
    }
  }

  it('the address is the one that nginx saw, whatever the client claims', async () => {
    const browser = new Browser(url)
    const spoofed = { 'X-Forwarded-For': '203.0.113.66' }
    const page = await browser.visit(`${BASE}/sign-in`, spoofed)
    await browser.submit(page, '/sign-in', GRACE, spoofed)
    const { sessions } = (await browser.json(`${BASE}/sessions`)).json as {
      sessions: { current: boolean; ip: string }[]
    }
    assert.equal(sessions.find((each) => each.current)!.ip, '127.0.0.1')
  })

  it('requests are counted together: the 121st of a minute is refused, wherever it lands', async () => {
    const browser = await signedIn()
    const answers: number[] = []
    for (let i = 0; i < 13; i += 1)
      answers.push(
        ...(await Promise.all(Array.from({ length: 10 }, () => browser.json(`${BASE}/sessions`)))).map(
          (each) => each.status,
        ),
      )
    assert.ok(answers.filter((each) => each === 200).length <= 120)
    assert.ok(answers.includes(429))
  })

  it('one is killed and comes back: nobody is signed out, and what was revoked stays revoked', async () => {
    const page = async (browser: Browser) => (await browser.visit('/invoices')).status
    const lin = { email: 'lin@initech.test', password: 'Copper-Kettle-58-Winds' }
    const [here, there] = [new Browser(url), new Browser(url)]
    for (const browser of [here, there]) await browser.submit(await browser.visit(`${BASE}/sign-in`), '/sign-in', lin)
    await fleet.kill(0)
    assert.equal(await page(here), 200)
    await here.submit(await here.visit(`${BASE}/sessions`), '/sessions/revoke-others')
    await fleet.restart(0)
    for (let i = 0; i < 6; i += 1) {
      assert.equal(await page(here), 200)
      assert.equal(await page(there), 303)
    }
  })
})
