import assert from 'node:assert/strict'
import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Request, type RequestHandler, type Response } from 'express'
import session from 'express-session'
import { WebSocket, WebSocketServer } from 'ws'
import { ACCOUNTS, logIn, startKeptHost, type KeptHost } from '../support/kept-host.js'
import { until } from '../support/clock.js'

/** docs/adopt.md, "Sockets": the middleware of the app, run for a handshake. */
function admit(gate: RequestHandler[], req: IncomingMessage): Promise<Request> {
  const [request, response] = [req as Request, new ServerResponse(req) as Response]
  return new Promise((resolve, reject) => {
    const step = (i: number): void => {
      const handler = gate[i]
      if (!handler) return resolve(request)
      void handler(request, response, (error?: unknown) => (error ? reject(error) : step(i + 1)))
    }
    step(0)
  })
}

function socketServer(gate: RequestHandler[]): Server {
  const sockets = new WebSocketServer({ noServer: true })
  const server = createServer()
  server.on('upgrade', (req, socket, head) => {
    const enter = ({ security: { user, signal } }: Request) => {
      if (!user) socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
      else
        sockets.handleUpgrade(req, socket, head, (connection) => {
          connection.send(user.email)
          signal.addEventListener('abort', () => connection.close(4401, 'signed out'))
        })
    }
    admit(gate, req).then(enter, () => socket.destroy())
  })
  return server
}

describe('A socket server that reads the session store by itself', () => {
  const ada = ACCOUNTS[0]!
  let host: KeptHost
  let server: Server
  let url: string

  before(async () => {
    host = await startKeptHost()
    const load = session({ secret: 'of the app itself', resave: false, saveUninitialized: false, store: host.store })
    const gate = [load, host.passport.session() as RequestHandler, host.security!.router as RequestHandler]
    server = socketServer(gate)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(async () => {
    server.closeAllConnections()
    server.close()
    await host.close()
  })

  const connect = (cookie: string) => new WebSocket(url, { headers: { cookie } })
  const closing = (socket: WebSocket) => new Promise<number>((done) => socket.once('close', (code) => done(code)))

  it('lets a signed-in browser in, and ends its socket when the session is revoked', async () => {
    const browser = host.browser()
    await logIn(browser, ada)
    const socket = connect(`connect.sid=${browser.cookie('connect.sid')}`)
    const hello = await new Promise((done) => socket.once('message', (data) => done((data as Buffer).toString())))
    assert.equal(hello, ada.email)
    const closed = closing(socket)
    await host.security!.sessions.revokeAll('1')
    assert.equal(await closed, 4401)
  })

  it('lets nobody in with the cookie of a session that is over', async () => {
    const browser = host.browser()
    await logIn(browser, ada)
    await host.security!.sessions.revokeAll('1')
    const socket = connect(`connect.sid=${browser.cookie('connect.sid')}`)
    const refused = await new Promise<Error>((done) => socket.once('error', done))
    assert.match(refused.message, /401/)
  })

  it('forgets a socket that has closed by itself', async () => {
    const browser = host.browser()
    await logIn(browser, ada)
    for (let i = 0; i < 20; i += 1) {
      const socket = connect(`connect.sid=${browser.cookie('connect.sid')}`)
      await new Promise((done) => socket.once('message', done))
      const closed = closing(socket)
      socket.close()
      await closed
    }
    let connections = 1
    await until('all sockets gone', async () => {
      connections = await new Promise<number>((done) => server.getConnections((_error, count) => done(count)))
      return connections === 0
    })
    assert.equal((await browser.sessions()).length, 1)
  })
})
