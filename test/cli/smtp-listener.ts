import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

export interface SmtpListener {
  port: number
  /** What clients have said. */
  readonly heard: string[]
  close(): Promise<void>
}

export interface SmtpWords {
  /** The first line. @default a greeting */
  greeting?: string
  /** What EHLO lists. */
  extensions?: string[]
  /** Says each byte by itself. */
  slowly?: boolean
  tls?: { key: Buffer; cert: Buffer }
}

/** A mail server of the outside world: greets, and lists its extensions after EHLO. */
export async function startSmtp({
  greeting = '220 mx ESMTP',
  extensions = [],
  slowly,
  tls,
}: SmtpWords = {}): Promise<SmtpListener> {
  const heard: string[] = []
  const sockets = new Set<Socket>()
  const say = (socket: Socket, text: string): void => {
    for (const part of slowly ? text : [text]) socket.write(part)
  }
  const serve = (socket: Socket): void => {
    sockets.add(socket.on('error', () => {}))
    if (greeting) say(socket, `${greeting}\r\n`)
    socket.on('data', (data: Buffer) => {
      heard.push(data.toString())
      const lines = ['mx greets you', ...extensions]
      const reply = lines.map((line, i) => `250${i === lines.length - 1 ? ' ' : '-'}${line}\r\n`).join('')
      if (data.toString().startsWith('EHLO ')) say(socket, reply)
    })
  }
  const server = tls ? createTlsServer(tls, serve) : createServer({ noDelay: true }, serve)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}
