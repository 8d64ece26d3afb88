// Loaded into the demo with `--import`: its Date stands still at the milliseconds that the file of STILL_DATE tells, and
// is moved by writing another number there. Timers keep their own pace.
import { subscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'

const file = process.env.STILL_DATE
if (!file) throw new Error('STILL_DATE: give the path of a file with the milliseconds since the epoch')
const now = () => Number(readFileSync(file, 'utf8'))
const Real = Date

globalThis.Date = class extends Real {
  constructor(...given: [number]) {
    super(...(given.length > 0 ? given : ([now()] as const)))
  }
  static override now(): number {
    return now()
  }
  /** Dates that Node itself has made are dates, too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return Real[Symbol.hasInstance](value)
  }
} as DateConstructor

// a browser reckons from an answer's Date how long its cookies live: it must be the Date by which they were made
subscribe('http.server.request.start', (message) => {
  const { response } = message as { response: ServerResponse }
  response.setHeader('Date', new Date().toUTCString())
})
