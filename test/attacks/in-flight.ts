import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import type { Browser, Page } from '../support/browser.js'

interface Held {
  /** Sends the rest of the body; resolves with the answer. */
  finish(): Promise<{ status: number; cookies: string[]; body: string }>
}

/**
 * A POST whose session has been loaded and whose body is still on its way: the host has let the headers in (`arrived`)
 * and waits. What happens in between happens in the middle of that request, without luck and without sleeping.
 */
export async function holdPost(
  browser: Browser,
  page: Page,
  action: string,
  fields: Record<string, string>,
  arrived: () => Promise<void>,
): Promise<Held> {
  const body = new URLSearchParams({ ...page.fieldsOf(action), ...fields }).toString()
  const url = new URL(page.$(`form[action$="${action}"]`).first().attr('action')!, browser.url)
  const held: ClientRequest = request(url, {
    method: 'POST',
    headers: {
      Cookie: `sallyport=${browser.cookie()!}`,
      Accept: 'application/json',
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': Buffer.byteLength(body),
      'Sec-Fetch-Site': 'same-origin',
    },
  })
  const answer = new Promise<IncomingMessage>((done, fail) => held.once('response', done).once('error', fail))
  held.write(body.slice(0, 10))
  await arrived()
  return {
    async finish() {
      held.end(body.slice(10))
      const response = await answer
      const parts: Buffer[] = []
      for await (const part of response) parts.push(part as Buffer)
      return {
        status: response.statusCode!,
        cookies: response.headers['set-cookie'] ?? [],
        body: Buffer.concat(parts).toString(),
      }
    },
  }
}
