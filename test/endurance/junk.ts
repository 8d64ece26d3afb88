import { addRow } from '../support/endurance.js'
import { fileURLToPath } from 'node:url'
import { sendJunk, SEED } from '../junk/send-junk.js'

/** What was promised, how often that was tried, how often it was broken, and what else is worth knowing. */
export interface Row {
  promise: string
  tried: number
  broken: number
  figures: string
}

/** Sends so many junk requests to three hosts: one as the README says, one whose own parsers come first, one on Redis. */
export async function run(count: number, only?: number): Promise<Row[]> {
  const outcome = await sendJunk({ count, seed: SEED, only })
  const { tried, whole, statuses, slowestMs, seconds, broken } = outcome
  for (const text of Object.values(broken).flat()) console.error(`${text}\n`)
  const answers = [...statuses]
    .toSorted(([a], [b]) => a - b)
    .map(([status, times]) => `${status || 'closed'}: ${times}`)
  const row = (promise: string, of: number, failures: readonly string[], figures = '') => ({
    promise: `junk: ${promise}`,
    tried: of,
    broken: failures.length,
    figures,
  })
  return [
    row('no answer is 5xx', tried, broken.statuses, answers.join(', ')),
    row('whoever sends a whole request is answered', whole, broken.silence),
    row(
      'within 2 s',
      tried,
      broken.slow,
      `slowest ${Math.round(slowestMs)} ms, ${Math.round(tried / seconds)} a second`,
    ),
    row('nothing of the inside is shown', tried, broken.leaks),
    row('no error without a request that waits for it', tried, broken.errors),
    row('the process lives, and honest people sign in', outcome.signIns, broken.hosts),
  ]
}

// node dist/test/endurance/junk.js 20000; and "... 20000 --only 77" for one request again
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , count = '20000', , only] = process.argv
  const rows = await run(Number(count), only === undefined ? undefined : Number(only))
  for (const row of rows) addRow(row)
}
