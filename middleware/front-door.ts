import type { RequestListener, Server as HttpServer } from 'node:http'
import { Server } from 'node:net'
import { ConfigurationError } from '../src/core/errors.js'
import type { SignInDoor } from './sign-in-door.js'

const NO_SERVER = 'attachTo takes a server of node:http or node:https; write security.attachTo(app.listen(3000))'
const NO_APP =
  'attachTo: nothing answers requests on this server yet; write const server = createServer(app), ' +
  "or call it after server.on('request', app)"
const TWICE = 'attachTo was called for this server before; once is enough'

/** Puts the door before all that answers on a server: its listeners are taken, and get what passes. */
export function frontDoor(door: SignInDoor, basePath: string): (server: HttpServer) => void {
  // as Express's router finds it: whatever the capitals, with or without a slash at the end
  const path = new RegExp(`^${basePath.replaceAll('.', '\\.')}/sign-in/?(?:\\?|$)`, 'i')
  const attached = new WeakSet<HttpServer>()

  return function attachTo(server) {
    if (!(server instanceof Server)) throw new ConfigurationError(NO_SERVER)
    if (attached.has(server)) throw new ConfigurationError(TWICE)
    const behind = server.rawListeners('request') as RequestListener[]
    if (behind.length === 0) throw new ConfigurationError(NO_APP)
    attached.add(server)
    const pass: RequestListener = (req, res) => {
      for (const listener of behind) Reflect.apply(listener, server, [req, res])
    }
    server.removeAllListeners('request')
    server.on('request', (req, res) => {
      if (req.method === 'POST' && path.test(req.url!)) door.waitInFront(req, res, () => pass(req, res))
      else pass(req, res)
    })
  }
}
