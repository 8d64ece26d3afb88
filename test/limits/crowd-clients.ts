import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setPriority } from 'node:os'
import { PASSWORD } from './people.js'
import { Wire } from './wire.js'

/** What a crowd comes for. `nothing`, an address that the same app answers with a 404, is there to compare. */
export type Errand = 'sign in' | 'nothing'

/** How one request of the crowd went. */
export interface Fate {
  status: number
  ms: number
  retryAfter: string | undefined
}

/** A browser with a connection of its own. It sends bytes made before: it shares the host's processor here, nowhere else. */
class LightBrowser {
  readonly #socket: Socket
  #answered: (fate: Fate) => void = () => {}
  #began = 0
  #came = ''

  constructor(socket: Socket) {
    this.#socket = socket.setEncoding('latin1').setNoDelay(true)
    socket.on('data', (text: string) => this.#take(text))
  }

  async send(request: Buffer): Promise<Fate> {
    this.#came = ''
    this.#began = performance.now()
    return new Promise((answered, fail) => {
      this.#answered = answered
      this.#socket.once('close', () => fail(new Error('the connection was closed')))
      this.#socket.write(request)
    })
  }

  #take(text: string): void {
    this.#came += text
    const end = this.#came.indexOf('\r\n\r\n')
    const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(this.#came.slice(0, end))?.[1]
    if (end < 0 || this.#came.length < end + 4 + Number(header('content-length'))) return
    const status = Number(this.#came.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length))
    this.#answered({ status, ms: performance.now() - this.#began, retryAfter: header('retry-after') })
  }
}

/** Many browsers at once, in a process of their own: `[port, how many]` as JSON. Each time it is told to, others come. */
setPriority(10) // elsewhere they would not take the host's processor
const [port, size] = JSON.parse(process.argv[2]!) as [number, number]
const wire = new Wire(port, 1)
const { cookie, csrfToken } = await wire.visitor()
wire.close()
// each over a connection that is open already, as behind a proxy
const browsers = await Promise.all(
  Array.from({ length: size }, async () => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new LightBrowser(socket)
  }),
)
process.send?.('ready')

/** Each request is from another person, and from another network. */
function requestOf(errand: Errand, i: number): Buffer {
  const headers = [
    `Host: localhost:${port}`,
    'Accept: text/html',
    `Cookie: ${cookie}`,
    `X-Forwarded-For: 198.18.${i >> 8}.${i & 255}`,
  ]
  if (errand === 'nothing') return Buffer.from(['GET /nothing HTTP/1.1', ...headers, '', ''].join('\r\n'))
  const body = new URLSearchParams({ csrfToken, email: `guest${i}@limits.test`, password: PASSWORD }).toString()
  headers.push('Content-Type: application/x-www-form-urlencoded', `Content-Length: ${body.length}`)
  return Buffer.from(['POST /security/sign-in HTTP/1.1', ...headers, '', body].join('\r\n'))
}

let guests = 0
process.on('message', (errand: Errand) => {
  const requests = browsers.map(() => requestOf(errand, (guests += 1)))
  Promise.all(browsers.map((browser, i) => browser.send(requests[i]!))).then(
    (fates) => process.send?.(fates),
    (error: unknown) => process.send?.({ failed: String(error) }),
  )
})
process.once('disconnect', () => process.exit())
