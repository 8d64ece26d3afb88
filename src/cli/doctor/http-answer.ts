import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

const LIMIT_MS = 5_000

export interface HttpAnswer {
  status: number
  /** Every value of a header, in the order in which they came: `all('set-cookie')`. */
  all(name: string): string[]
}

/** One GET, no redirect followed, the body thrown away. */
export async function get(url: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp
  return new Promise((done, fail) => {
    const limit = setTimeout(() => sent.destroy(new Error(`no answer within ${LIMIT_MS / 1000} seconds`)), LIMIT_MS)
    const sent = request(url, { headers, agent: false }, (response) => {
      clearTimeout(limit)
      response.destroy()
      const { rawHeaders, statusCode = 0 } = response
      const pairs = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1]!]] : []))
      done({
        status: statusCode,
        all: (name) => pairs.filter(([each]) => each === name).map(([, value]) => value!),
      })
    })
    sent.on('error', (error) => {
      clearTimeout(limit)
      fail(error)
    })
    sent.end()
  })
}
