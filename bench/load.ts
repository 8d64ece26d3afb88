import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'

const CONNECTIONS = 32
/** A run that takes longer than this has hung. */
const LIMIT_MS = 120_000
const END_OF_HEAD = '\r\n\r\n'

export interface Run {
  seconds: number
  /** Milliseconds, in no order. */
  latencies: number[]
}

/**
 * Keep-alive load over 32 connections, one request at a time on each. Raw sockets and a request that is written once:
 * the driver shares the machine with what it measures, so it has to cost little.
 */
export class Load {
  readonly #sockets: Socket[]
  readonly #request: Buffer

  private constructor(sockets: Socket[], request: Buffer) {
    this.#sockets = sockets
    this.#request = request
  }

  /** Connects; done before the clock starts, and anew for each run: servers close what was idle for five seconds. */
  static async open({ port, cookie }: { port: number; cookie: string }): Promise<Load> {
    const sockets = Array.from({ length: CONNECTIONS }, () =>
      createConnection({ port, host: '127.0.0.1', noDelay: true }),
    )
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    const head = [
      'GET /invoices HTTP/1.1',
      `Host: localhost:${port}`,
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      'Accept: application/json',
      'Accept-Encoding: gzip, deflate, br',
      ...(cookie ? [`Cookie: ${cookie}`] : []),
    ]
    return new Load(sockets, Buffer.from(head.join('\r\n') + END_OF_HEAD, 'latin1'))
  }

  /** Sends `requests` requests in all. Fails when one is not answered 200, or when it takes too long. */
  async run(requests: number): Promise<Run> {
    const latencies: number[] = []
    const began = performance.now()
    let left = requests
    const take = () => (left -= 1) >= 0
    const late = setTimeout(() => this.close(), LIMIT_MS)
    try {
      await Promise.all(this.#sockets.map((socket) => this.#converse(socket, take, latencies)))
    } finally {
      clearTimeout(late)
    }
    return { seconds: (performance.now() - began) / 1000, latencies }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #converse(socket: Socket, take: () => boolean, latencies: number[]): Promise<void> {
    return new Promise((resolve, reject) => {
      let received = Buffer.alloc(0)
      let sentAt = 0
      const send = () => {
        if (!take()) return resolve()
        sentAt = performance.now()
        socket.write(this.#request)
      }
      socket.on('data', (chunk) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
        const answer = completeAnswer(received)
        if (!answer) return
        latencies.push(performance.now() - sentAt)
        received = Buffer.alloc(0)
        if (answer.ok) send()
        else reject(new Error('a request was not answered 200'))
      })
      socket.on('error', reject)
      socket.on('close', () => reject(new Error('the server hung up, or was too slow')))
      send()
    })
  }
}

/** Whether all of an answer is there, and is a 200. One without `Content-Length` (res.json always writes it) is refused. */
function completeAnswer(received: Buffer): { ok: boolean } | null {
  const end = received.indexOf(END_OF_HEAD)
  if (end < 0) return null
  const head = received.toString('latin1', 0, end)
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (!length || !head.startsWith('HTTP/1.1 200 ')) return { ok: false }
  return received.length < end + END_OF_HEAD.length + Number(length) ? null : { ok: true }
}
