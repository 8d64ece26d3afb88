import { connect } from 'node:net'
import type { OnWire } from './framing.js'

export interface Answer {
  /** Statuses in their order: a pipeline has two. Empty when the connection was closed without a word. */
  statuses: readonly number[]
  text: string
  /** From the last byte sent until the connection was closed. */
  ms: number
}

const GIVE_UP_MS = 15_000

/** Sends bytes over a connection of their own, and reads until it is closed. Rejects when nobody listens, or nobody closes. */
export function sendBytes(port: number, { bytes, leave }: OnWire): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let began = performance.now()
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      socket.write(bytes, () => {
        began = performance.now()
        if (leave === 'shut') socket.end()
        if (leave === 'gone') socket.destroy()
      })
    })
    const limit = setTimeout(() => socket.destroy(new Error(`not closed within ${GIVE_UP_MS} ms`)), GIVE_UP_MS)
    let failed: NodeJS.ErrnoException | null = null
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', () => socket.end())
    socket.on('error', (error: NodeJS.ErrnoException) => (failed = error))
    socket.on('close', () => {
      clearTimeout(limit)
      // a server that has answered need not read on; what it had not read makes the system reset the connection
      if (failed && failed.code !== 'ECONNRESET' && failed.code !== 'EPIPE') return reject(failed)
      const text = Buffer.concat(chunks).toString('latin1')
      const statuses = [...text.matchAll(/^HTTP\/1\.[01] ([2-5]\d\d)\b/gm)].map(([, status]) => Number(status))
      resolve({ statuses, text, ms: performance.now() - began })
    })
  })
}
