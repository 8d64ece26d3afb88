import { Agent, request } from 'node:http'

export interface Reply {
  status: number
  headers: NodeJS.Dict<string | string[]>
  body: string
  /** From the moment it was asked for, waiting for a free connection included. */
  ms: number
}

/** A plain client that costs little, over connections of its own that stay open. */
export class Wire {
  readonly #agent: Agent
  readonly #port: number

  constructor(port: number, connections: number) {
    this.#port = port
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections })
  }

  send(path: string, headers: Record<string, string> = {}, form?: Record<string, string>): Promise<Reply> {
    const began = performance.now()
    const body = form && new URLSearchParams(form).toString()
    return new Promise((done, fail) => {
      const asked = request({
        host: '127.0.0.1',
        port: this.#port,
        path,
        agent: this.#agent,
        method: form ? 'POST' : 'GET',
        headers: form ? { ...headers, 'content-type': 'application/x-www-form-urlencoded' } : headers,
      })
      asked.on('error', fail)
      asked.on('response', (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => (text += part))
        response.on('error', fail)
        response.on('end', () => {
          done({ status: response.statusCode!, headers: response.headers, body: text, ms: performance.now() - began })
        })
      })
      asked.end(body)
    })
  }

  /** The token of a visitor's form and the cookie that goes with it: good for an hour, and for any number of sign-ins. */
  async visitor(): Promise<{ cookie: string; csrfToken: string }> {
    const { headers, body } = await this.send('/security/sign-in', { accept: 'application/json' })
    const cookies = [headers['set-cookie'] ?? []].flat().map((each) => each.split(';')[0]!)
    return { cookie: cookies.join('; '), csrfToken: (JSON.parse(body) as { csrfToken: string }).csrfToken }
  }

  close(): void {
    this.#agent.destroy()
  }
}
