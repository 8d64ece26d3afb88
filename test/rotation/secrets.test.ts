import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Browser, BASE, type Page } from '../support/browser.js'
import { startFront, type Front } from '../support/front.js'
import { ada, PASSWORDS, SECRET } from '../support/host.js'
import { startProcess, stopAll, type HostProcess } from '../support/process.js'
import { freePort, tempFolder } from '../support/services.js'
import type { RotationHostSettings } from './host-process.js'

const PROGRAM = new URL('./host-process.js', import.meta.url)
const PASSWORD = PASSWORDS[ada.id]!
const [OLD, NEW] = [`the old one: ${SECRET}`, `the new one: ${SECRET}`]

/** A host process with its port, so that it can be started again with other secrets. */
interface Place {
  port: number
  host: HostProcess
}

describe('While the secret is rotated', function () {
  this.timeout(60_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let front: Front
  let database: string
  const places: Place[] = []

  beforeEach(async () => {
    folder = await tempFolder()
    database = `sqlite:${join(folder.path, 'security.db')}`
    front = await startFront()
  })
  afterEach(async () => {
    const errors = places.flatMap(({ host }) => host.errors)
    await stopAll(places.splice(0).map(({ host }) => host))
    await front.close()
    await folder.remove()
    assert.deepEqual(errors, [])
  })

  async function start(...secret: [string, ...string[]]): Promise<Place> {
    const port = await freePort()
    const place = { port, host: await launch(port, secret) }
    places.push(place)
    front.choose(port)
    return place
  }

  async function restart(place: Place, ...secret: [string, ...string[]]): Promise<void> {
    assert.deepEqual(place.host.errors, [])
    await place.host.stop()
    place.host = await launch(place.port, secret)
  }

  function launch(port: number, secret: [string, ...string[]]): Promise<HostProcess> {
    const settings: RotationHostSettings = { port, origin: front.url, database, secret }
    return startProcess(PROGRAM, settings)
  }

  const signIn = async (fields: Record<string, string> = {}): Promise<Browser> => {
    const browser = new Browser(front.url)
    const page = await browser.signIn(ada, PASSWORD, fields)
    assert.equal(page.status, 303, page.text)
    return browser
  }
  /** A form of an open tab is sent: only with its token is it read, and found to speak of a session that is not there. */
  const sendForm = (browser: Browser, tab: Page) =>
    browser.post(`${BASE}/sessions/not-there/revoke`, tab.fieldsOf('/sign-out'))
  const READ = 404

  describe('of one process, by a restart', () => {
    let place: Place
    let browser: Browser
    let tab: Page
    beforeEach(async () => {
      place = await start(OLD)
      browser = await signIn()
      tab = await browser.visit(`${BASE}/`)
    })

    it('to [new, old], sessions go on, and forms of open tabs and messages under way are taken', async () => {
      await signIn() // the other device
      const revoked = await browser.submit(await browser.visit(`${BASE}/sessions`), '/sessions/revoke-others')
      assert.equal(revoked.status, 303)
      const visitor = new Browser(front.url)
      const form = await visitor.visit(`${BASE}/sign-in`)
      await restart(place, NEW, OLD)

      assert.ok(await browser.isSignedIn())
      assert.match((await browser.follow(revoked)).text, /signed out|1 (other )?session/i, 'the message of before')
      assert.equal((await sendForm(browser, tab)).status, READ)
      assert.equal((await visitor.submit(form, '/sign-in', { email: ada.email, password: PASSWORD })).status, 303)
    })

    it('to [new], what the old one signed is nobody: signed out, asked to sign in, never an error', async () => {
      const [visitor, other] = [new Browser(front.url), await signIn()]
      const form = await visitor.visit(`${BASE}/sign-in`)
      const revoked = await browser.submit(await browser.visit(`${BASE}/sessions`), '/sessions/revoke-others')
      await restart(place, NEW)

      assert.equal((await browser.json('/invoices')).json.code, 'sign_in_required')
      assert.equal((await browser.visit('/invoices')).location, `${BASE}/sign-in?returnTo=%2Finvoices`)
      assert.equal((await sendForm(browser, tab)).location, `${BASE}/sign-in`)
      const page = await browser.visit(`${BASE}/sign-in`)
      assert.equal(page.status, 200)
      assert.doesNotMatch(page.text, /signed out/i, 'a message that anybody may have signed is not shown')
      assert.equal(revoked.status, 303)
      const late = await visitor.submit(form, '/sign-in', { email: ada.email, password: PASSWORD })
      assert.equal(late.status, 403, 'the form has expired, and comes back with a fresh token')
      const again = await visitor.submit(late, '/sign-in', { email: ada.email, password: PASSWORD })
      assert.equal(again.status, 303)
      assert.equal((await browser.signIn(ada, PASSWORD)).status, 303)
      assert.ok(await browser.isSignedIn())
      assert.equal(await other.isSignedIn(), false)
    })

    it('whoever signs in, or gets a new id, under [new, old] carries a cookie of the new one', async () => {
      const idle = await signIn()
      await restart(place, NEW, OLD)
      const fresh = await signIn()
      const stepUp = await browser.post(`${BASE}/step-up`, { ...tab.fieldsOf('/sign-out'), password: PASSWORD })
      assert.equal(stepUp.status, 303)
      assert.ok(await idle.isSignedIn())
      await restart(place, NEW)
      assert.ok(await fresh.isSignedIn())
      assert.ok(await browser.isSignedIn())
      assert.equal(await idle.isSignedIn(), false)
    })
  })

  describe('of two processes on one database, one after the other', () => {
    /** Somebody signs in at one, and everything that is signed there is taken at the other. */
    async function carriesOver(from: Place, to: Place): Promise<void> {
      front.choose(from.port)
      const [browser, visitor] = [await signIn(), new Browser(front.url)]
      const [tab, form] = [await browser.visit(`${BASE}/`), await visitor.visit(`${BASE}/sign-in`)]
      front.choose(to.port)
      assert.ok(await browser.isSignedIn(), 'the session')
      assert.equal((await sendForm(browser, tab)).status, READ, 'the form of a tab')
      const entered = await visitor.submit(form, '/sign-in', { email: ada.email, password: PASSWORD })
      assert.equal(entered.status, 303, 'the form of a visitor')
      const out = await browser.submit(tab, '/sign-out')
      front.choose(from.port)
      assert.match((await browser.follow(out)).text, /signed out/i, 'the message')
      assert.ok(await visitor.isSignedIn(), 'the session that began there')
    }

    it('[old] -> [old, new] -> [new, old] -> [new] is noticed by nobody who is there', async () => {
      const [a, b] = [await start(OLD), await start(OLD)]
      const [member, tab] = [await signIn(), new Browser(front.url)]
      const steps: [string, ...string[]][] = [[OLD, NEW], [NEW, OLD], [NEW]]
      for (const secrets of steps) {
        await restart(a, ...secrets)
        // half-way: the two have different secrets
        for (const [from, to] of [
          [a, b],
          [b, a],
        ] as const)
          await carriesOver(from, to)
        if (secrets.length > 1)
          for (const { port } of [a, b]) {
            front.choose(port)
            assert.ok(await member.isSignedIn(), secrets.join())
          }
        await restart(b, ...secrets)
      }
      assert.equal((await tab.visit(`${BASE}/sign-in`)).status, 200)
    })

    it('[old] -> [new, old] at once signs people out at those that do not know the new one yet, and in again', async () => {
      const [a, b] = [await start(OLD), await start(OLD)]
      await restart(b, NEW, OLD)
      front.choose(b.port)
      const browser = await signIn()
      front.choose(a.port)
      assert.equal((await browser.json('/invoices')).json.code, 'sign_in_required')
      front.choose(b.port)
      assert.ok(await browser.isSignedIn(), 'nothing is lost')
      await restart(a, NEW, OLD)
      front.choose(a.port)
      assert.ok(await browser.isSignedIn())
    })
  })
})
