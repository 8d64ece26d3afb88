import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** What went through, in the order in which it did. A reply is seen twice: when it comes and when it is handed on. */
export interface Seen {
  kind: 'request' | 'reply' | 'handed on'
  /** The same for a reply and its handing on. */
  chunk: number
  text: string
}

export interface Proxy {
  url: string
  readonly seen: Seen[]
  close(): Promise<void>
}

export interface ProxyOptions {
  /** Every chunk of a reply is late by so many milliseconds, or by what this says when it comes. */
  delayMs?: number | (() => number)
  /** Picks requests that never arrive: the connection breaks instead. */
  breaksAt?: (request: string) => boolean
}

/** A TCP proxy in front of a Redis on the loopback interface. */
export async function startProxy(
  target: number,
  { delayMs = 0, breaksAt = () => false }: ProxyOptions = {},
): Promise<Proxy> {
  const seen: Seen[] = []
  const sockets = new Set<Socket>()
  let chunks = 0
  const note = (kind: Seen['kind'], data: Buffer, chunk = (chunks += 1)) => {
    seen.push({ kind, chunk, text: data.toString('latin1') })
    return chunk
  }
  const server = createServer({ noDelay: true }, (client) => {
    let turn: Promise<void> = Promise.resolve()
    const upstream = createConnection({ port: target, host: '127.0.0.1', noDelay: true })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.on('error', () => other.destroy())
    }
    client.on('data', (data: Buffer) => {
      note('request', data)
      if (breaksAt(data.toString('latin1'))) client.destroy()
      else upstream.write(data)
    })
    upstream.on('data', (data: Buffer) => {
      const chunk = note('reply', data)
      const due = performance.now() + (typeof delayMs === 'number' ? delayMs : delayMs())
      const handOn = async (before: Promise<void>): Promise<void> => {
        await before // one after the other, whatever the delay has become meanwhile
        await wait(Math.max(0, due - performance.now()))
        note('handed on', data, chunk)
        client.write(data)
      }
      turn = handOn(turn)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}

/**
 * How many times somebody asked, waited for the answer and asked again. `isMine` picks the requests that count. A new
 * round begins with a request that follows the handing on of a reply which came after the round's first request.
 */
export function roundTrips(seen: readonly Seen[], isMine: (text: string) => boolean): number {
  let rounds = 0
  let answered = true
  let came = new Set<number>()
  for (const { kind, chunk, text } of seen) {
    if (kind === 'reply') came.add(chunk)
    else if (kind === 'handed on') answered ||= came.has(chunk)
    else if (isMine(text) && answered) {
      rounds += 1
      answered = false
      came = new Set()
    }
  }
  return rounds
}

/** The commands of the requests, the name in small letters: RESP arrays of bulk strings. A chunk holds whole commands, since ours are short. */
export const commandsIn = (seen: readonly Seen[]): string[][] =>
  seen
    .filter((each) => each.kind === 'request')
    .flatMap(({ text }) => text.split(/^\*\d+\r\n/m).filter(Boolean))
    .map((command) => command.split('\r\n').filter((_, i) => i % 2 === 1))
    .map((command) => command.with(0, command[0]!.toLowerCase()))
