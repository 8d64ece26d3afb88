import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { Session } from '../race/client.js'
import type { HostProcess } from '../support/process.js'

/** An open `/live`. */
export interface Stream {
  /** Resolves with the moment at which the server ended it. */
  ended: Promise<number>
  isOpen(): boolean
  close(): void
}

/** Opens `/live` as a browser would, and waits for its first event. */
export async function openStream(host: HostProcess, { cookie }: Session): Promise<Stream> {
  const abort = new AbortController()
  const response = await fetch(`${host.url}/live`, { headers: { cookie }, signal: abort.signal })
  const reader = response.body!.getReader()
  assert.match(Buffer.from((await reader.read()).value ?? []).toString(), /hello/)
  let open = true
  const read = async () => {
    while (!(await reader.read()).done);
    open = false
    return performance.now()
  }
  const ended = read()
  ended.catch(() => {}) // we close it ourselves when a test is over
  return { ended, isOpen: () => open, close: () => abort.abort() }
}

/** Fails unless the stream ends in so many milliseconds from `since`. Waits longer than that, to tell late from never. */
export async function endsWithin(ms: number, stream: Stream, since: number): Promise<void> {
  const took = (await Promise.race([stream.ended, wait(ms + 3_000, Infinity)])) - since
  assert.ok(took < ms, took === Infinity ? `still open after ${ms + 3_000} ms` : `ended after ${Math.round(took)} ms`)
}
