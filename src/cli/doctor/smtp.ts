import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

const LIMIT_MS = 5_000
const MOST_BYTES = 65_536

export interface SmtpAnswer {
  encrypted: boolean
  /** What EHLO listed, in capitals: `STARTTLS`, `AUTH PLAIN LOGIN`. */
  extensions: string[]
}

/** Says EHLO to a mail server (RFC 5321, 4.1.1.1) and goes away. Throws with what the server said, or why none did. */
export async function greet(address: string): Promise<SmtpAnswer> {
  const url = new URL(address)
  const encrypted = url.protocol === 'smtps:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port) || (encrypted ? 465 : 587)
  const socket = encrypted ? connectTls({ host, port, servername: host }) : connectTcp({ host, port })
  try {
    const next = repliesOf(socket)
    await next(220)
    socket.write('EHLO localhost\r\n')
    const [, ...extensions] = await next(250)
    socket.write('QUIT\r\n')
    return { encrypted, extensions: extensions.map((each) => each.toUpperCase()) }
  } finally {
    socket.destroy()
  }
}

/** Reads one reply after the other, of one or more lines, each expected to have a code. */
function repliesOf(socket: Socket): (code: number) => Promise<string[]> {
  let text = ''
  let failure: Error | null = null
  let wake: () => void = () => {}
  const fail = (error: Error): void => {
    failure ??= error
    wake()
  }
  socket.setTimeout(LIMIT_MS, () => fail(new Error(`no answer within ${LIMIT_MS / 1000} seconds`)))
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection was closed before an answer came')))
  socket.on('data', (data: Buffer) => {
    text += data.toString('latin1')
    if (text.length > MOST_BYTES) fail(new Error('this is no mail server: it talks without end'))
    wake()
  })
  return async (code) => {
    for (;;) {
      const reply = /^(?:\d{3}-.*\r?\n)*\d{3}(?: .*)?\r?\n/.exec(text)
      if (reply) {
        text = text.slice(reply[0].length)
        const lines = reply[0].trimEnd().split(/\r?\n/)
        if (lines[0]!.startsWith(String(code))) return lines.map((line) => line.slice(4))
        throw new Error(`it says "${lines[0]!.slice(0, 200)}"`)
      }
      if (/^(?!\d{0,3}$|\d{3}[ -])/.test(text)) throw new Error('this is no mail server: it speaks something else')
      if (failure) throw failure
      await new Promise<void>((woken) => (wake = woken))
    }
  }
}
