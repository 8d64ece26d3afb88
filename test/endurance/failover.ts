import { fileURLToPath } from 'node:url'
import { FailoverRun, type Failover } from './failover-run.js'
import { clusterStage, promotionStage, restartStage } from './failover-stages.js'

/** What was promised, how often that was tried, how often it was broken, and what else is worth knowing. */
export interface Row {
  promise: string
  tried: number
  broken: number
  figures: string
}

const STAGES = {
  'Redis restarted on an old dump': restartStage,
  'a lagging replica promoted by Sentinel': promotionStage,
  'a master of a Cluster killed, its lagging replica promoted': clusterStage,
} as const

type Name = keyof typeof STAGES
export const FAILOVERS = Object.keys(STAGES) as Name[]

const BACK_WITHIN_MS = 2_000

/** So many acknowledged revocations in each kind of failover. */
export async function run(count: number, names: readonly Name[] = FAILOVERS): Promise<Row[]> {
  const rows: Row[] = []
  for (const name of names) rows.push(...(await failover(name, count)))
  return rows
}

/** The same in one of them. */
export async function failover(name: Name, count: number): Promise<Row[]> {
  return rowsOf(name, await FailoverRun.on(STAGES[name], count))
}

function rowsOf(name: string, outcome: Failover): Row[] {
  const { acknowledged, accepted, asked, bystanding, refused, staleCopies, backAfterMs, odd, slowestMs } = outcome
  const row = (promise: string, tried: number, broken: number, figures = '') => ({
    promise: `${name}: ${promise}`,
    tried,
    broken,
    figures,
  })
  return [
    row('who was revoked stays out', acknowledged, accepted, `${asked} questions`),
    row('there were copies to believe on the new node', 1, staleCopies > 0 ? 0 : 1, `${staleCopies} copies`),
    row('nobody else is refused', bystanding, refused, `slowest answer ${slowestMs} ms`),
    row('Redis serves again within 2 s', 1, backAfterMs <= BACK_WITHIN_MS ? 0 : 1, `${backAfterMs} ms`),
    row('nothing else goes wrong', acknowledged, odd.length, odd[0]),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [count = '2000', only = ''] = process.argv.slice(2)
  const rows = await run(
    Number(count),
    FAILOVERS.filter((name) => name.includes(only)),
  )
  for (const { promise, tried, broken, figures } of rows)
    console.log(`${promise.padEnd(90)} ${String(tried).padStart(7)} ${String(broken).padStart(6)}  ${figures}`)
  process.exitCode = rows.some((row) => row.broken > 0) ? 1 : 0
}
