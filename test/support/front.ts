import { createServer, request, type Server } from 'node:http'
import { freePort } from './services.js'

/** What stands before several processes: one address, and each request goes to the process that was chosen last. */
export interface Front {
  url: string
  /** From now on requests go to the process on this port. */
  choose(port: number): void
  close(): Promise<void>
}

export async function startFront(): Promise<Front> {
  let chosen = 0
  const server: Server = createServer((req, res) => {
    const { method, url, headers } = req
    const passed = request({ port: chosen, host: '127.0.0.1', method, path: url, headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(res)
    })
    passed.on('error', () => res.writeHead(502).end())
    req.pipe(passed)
  })
  const port = await freePort()
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  return {
    url: `http://localhost:${port}`,
    choose: (target) => void (chosen = target),
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
