import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, request } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import type { Request, Response } from 'express'
import { ConfigurationError } from 'sallyport'
import { handle } from '../../middleware/handle.js'
import { frontDoor } from '../../middleware/front-door.js'
import { RequestStates } from '../../middleware/request-state.js'
import { SignInDoor } from '../../middleware/sign-in-door.js'
import { systemClock } from '../../src/core/clock.js'
import { HashingLane } from '../../src/features/passwords/hashing-lane.js'
import { selfSigned } from '../cli/certificate.js'
import { BASE } from '../support/browser.js'
import { ada, PASSWORDS, startHost, type Host, type HostOptions } from '../support/host.js'
import { tempFolder } from '../support/services.js'
import { WRONG } from './guess.js'

/** What comes back over one connection for these requests, sent in one piece; without the time, which differs. */
async function exchange(server: Server, ...requests: string[]): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').setEncoding('latin1')
  socket.write(requests.join(''))
  let came = ''
  for await (const text of socket) came += text as string
  return came.replace(/^Date: .*\r\n/gm, '')
}

const FORM = `email=${encodeURIComponent(ada.email)}&password=${WRONG}`
interface Asking {
  path?: string
  headers?: Record<string, string>
  last?: boolean
}
function signIn({ path = `${BASE}/sign-in`, headers = {}, last = true }: Asking = {}): string {
  const always = { Host: 'localhost', 'Content-Type': 'application/x-www-form-urlencoded' }
  const all = { ...always, 'Content-Length': `${FORM.length}`, Connection: last ? 'close' : 'keep-alive', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return [`POST ${path} HTTP/1.1`, ...lines, '', FORM].join('\r\n')
}
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'

describe('The front door', () => {
  let host: Host
  /** The same app on another port, without a front door. */
  let inside: Server
  let seenByExpress: string[]
  let free: () => void
  let holding: Promise<unknown> | undefined

  async function start(options: HostOptions = {}) {
    seenByExpress = []
    let held = Promise.resolve()
    let begun = () => {}
    host = await startHost({
      passwords: { hashing: { concurrent: 1, waiting: 0 } },
      before: (app) =>
        void app.use((req, _res, next) => {
          seenByExpress.push(`${req.method} ${req.url}`)
          next()
        }),
      routes: (app, security) =>
        void app.post(
          '/own-sign-in',
          handle(async (req, res) => {
            await security.throttleSignIn(req, 'eve@acme.test', async () => {
              begun()
              await held
              return true
            })
            res.end()
          }),
        ),
      ...options,
    })
    host.security.attachTo(host.server)
    inside = createServer(host.app as RequestListener)
    await new Promise<void>((done) => inside.listen(0, '127.0.0.1', done))
    /** Somebody's password is being checked, and no other may wait. */
    return async () => {
      held = new Promise((done) => (free = done))
      const inTheLane = new Promise<void>((done) => (begun = done))
      holding = host.browser().post('/own-sign-in', {})
      await inTheLane
      seenByExpress.length = 0
    }
  }
  afterEach(async () => {
    free?.()
    await holding
    inside?.close()
    await host?.close()
  })

  it('refuses whom the lane has no room for, in the very bytes of the door inside, and Express sees nothing of it', async () => {
    const fillLane = await start()
    await fillLane()
    const accepts = ['text/html', 'text/html,application/xhtml+xml,*/*;q=0.8', 'application/json', '*/*', undefined]
    const languages = ['de-AT,de;q=0.9,en;q=0.5', 'en', 'fr, de;q=0.4', 'fr', undefined]
    const asked = accepts.flatMap((accept) =>
      languages.map((language) => ({
        headers: { ...(accept && { Accept: accept }), ...(language && { 'Accept-Language': language }) },
      })),
    )
    const others: Asking[] = ['?from=mail', '/', '/?a=b'].map((more) => ({ path: `${BASE}/sign-in${more}` }))
    others.push({ path: '/Security/SIGN-IN' }, { headers: { Expect: '100-continue' } })
    const answers = new Set<string>()
    for (const asking of [...asked, ...others]) {
      const answer = await exchange(host.server, signIn(asking))
      assert.deepEqual(seenByExpress.splice(0), [], JSON.stringify(asking))
      assert.equal(answer, await exchange(inside, signIn(asking)), JSON.stringify(asking))
      assert.equal(seenByExpress.splice(0).length, 1)
      assert.match(answer, /^(HTTP\/1.1 100 Continue\r\n\r\n)?HTTP\/1.1 503 .*\r\nRetry-After: 2\r\n/s)
      answers.add(answer)
    }
    const kinds = [...answers].map((answer) => /<html lang="(?:en|de)"|"busy"|100 Continue/.exec(answer)?.[0])
    assert.deepEqual(new Set(kinds), new Set(['<html lang="en"', '<html lang="de"', '"busy"', '100 Continue']))
    assert.equal(kinds.length, 4)
    assert.match(String(host.errors.splice(0)), /sign-ins wait for their password to be verified/)
  })

  it('lets everything else straight through while the lane is full', async () => {
    const fillLane = await start()
    await fillLane()
    const browser = host.browser()
    assert.equal((await browser.visit('/')).response.text, 'welcome')
    assert.equal((await browser.visit(`${BASE}/sign-in`)).status, 200)
    assert.equal((await browser.json('/cart', { apples: 2 })).status, 200)
    assert.equal((await browser.post(`${BASE}/sign-in/more`, {})).status, 404)
    assert.equal((await browser.post(`${BASE}X/sign-in`, {})).status, 404)
    assert.equal((await browser.post(`/mounted${BASE}/sign-in`, {})).status, 404)
  })

  it('lets people sign in, form and all, when the lane has room again', async () => {
    const fillLane = await start()
    const browser = host.browser()
    const form = await browser.visit(`${BASE}/sign-in`)
    const mine = { email: ada.email, password: PASSWORDS.u1! }
    await fillLane()
    assert.equal((await browser.submit(form, '/sign-in', mine)).status, 503)
    free()
    await holding
    assert.equal((await browser.submit(form, '/sign-in', mine)).status, 303)
    assert.ok(await browser.isSignedIn())
    host.errors.length = 0
  })

  it('keeps a connection in order: refused or let in, the form is not taken for the next request', async () => {
    const fillLane = await start()
    const heard = await exchange(host.server, signIn({ last: false }), GET)
    assert.match(heard, /^HTTP\/1.1 403 .*HTTP\/1.1 200 .*welcome$/s) // 403: a form without a token
    await fillLane()
    const refused = await exchange(host.server, signIn({ last: false }), signIn({ last: false }), GET)
    assert.match(refused, /^HTTP\/1.1 503 .*HTTP\/1.1 503 .*HTTP\/1.1 200 .*welcome$/s)
    assert.deepEqual(seenByExpress, ['GET /'])
    host.errors.length = 0
  })

  it("goes by the browser's language alone: there is no Express request yet for `pages.language`", async () => {
    const fillLane = await start({ pages: { language: () => 'de' } })
    await fillLane()
    const english = signIn({ headers: { Accept: 'text/html', 'Accept-Language': 'en' } })
    assert.match(await exchange(host.server, english), /<html lang="en"/)
    assert.match(await exchange(inside, english), /<html lang="de"/)
    host.errors.length = 0
  })

  it('stands before https as well, and before several servers', async () => {
    const fillLane = await start()
    const folder = await tempFolder()
    const { key, cert } = selfSigned(folder.path)
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, host.app as RequestListener)
    await folder.remove()
    host.security.attachTo(server)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    await fillLane()
    const { port } = server.address() as AddressInfo
    const status = await new Promise((done, fail) => {
      const path = `${BASE}/sign-in`
      request({ port, path, method: 'POST', rejectUnauthorized: false, agent: false }, (res) => {
        res.resume().on('end', () => done(res.statusCode))
      })
        .on('error', fail)
        .end()
    })
    server.close()
    assert.equal(status, 503)
    assert.deepEqual(seenByExpress, [])
    host.errors.length = 0
  })

  it('refuses what is no server, a server without an app, and the second time', async () => {
    await start()
    const refused = (server: unknown, message: RegExp) =>
      assert.throws(
        () => host.security.attachTo(server as Server),
        (error) => error instanceof ConfigurationError && message.test(error.message),
      )
    refused(host.app, /write security\.attachTo\(app\.listen\(3000\)\)/)
    refused(undefined, /attachTo takes a server/)
    refused(createServer(), /write const server = createServer\(app\)/)
    refused(host.server, /once is enough/)
  })
})

describe('Who waits at the front door', () => {
  const settled = () => new Promise((done) => setImmediate(done))
  const arrival = (writable = true) =>
    ({ method: 'POST', url: '/security/sign-in', headers: {}, socket: { writable } }) as IncomingMessage

  function frontDoorOf() {
    const [lane, states] = [new HashingLane({ concurrent: 1, waiting: 9 }), new RequestStates()]
    const knownDevice = { isClaimedBy: () => false }
    const told = { pages: undefined as never, report: () => {} }
    const parts = { lane, knownDevice, states, secure: false, clock: systemClock, ...told }
    return new SignInDoor(parts)
  }
  function doorBefore(listeners: RequestListener[], door = frontDoorOf()) {
    const server = createServer()
    for (const listener of listeners) server.on('request', listener)
    frontDoor(door, '/security')(server)
    return server
  }
  const res = {} as ServerResponse

  it('and leaves takes nobody’s turn: the next one is let in, to all that listen', async () => {
    const heard: unknown[] = []
    const listener: RequestListener = (req) => void heard.push(req)
    const server = doorBefore([listener, listener])
    const staying = arrival()
    for (const req of [arrival(false), arrival(false), staying]) server.emit('request', req, res)
    await settled()
    assert.deepEqual(heard, [staying, staying])
  })

  it('and is let in waits no second time at the door inside', async () => {
    const heard: unknown[] = []
    const door = frontDoorOf()
    const app = (req: IncomingMessage) =>
      void door.middleware(req as Request, res as Response, () => void heard.push(req))
    const server = doorBefore([app], door)
    const [first, second] = [arrival(), arrival()]
    for (const req of [first, second]) server.emit('request', req, res)
    await settled()
    assert.deepEqual(heard, [first])
    await settled()
    assert.deepEqual(heard, [first, second])
  })

  it("is let in after one for whom the host's listener throws", async () => {
    const heard: unknown[] = []
    const broken = arrival()
    const listener: RequestListener = (req) => {
      if (req === broken) throw new Error('the app is broken')
      heard.push(req)
    }
    const server = doorBefore([listener])
    const thrown: string[] = []
    process.setUncaughtExceptionCaptureCallback((error) => thrown.push(error.message))
    try {
      const next = arrival()
      for (const req of [broken, next]) server.emit('request', req, res)
      await settled()
      await settled()
      assert.deepEqual([thrown, heard], [['the app is broken'], [next]])
    } finally {
      process.setUncaughtExceptionCaptureCallback(null)
    }
  })
})
