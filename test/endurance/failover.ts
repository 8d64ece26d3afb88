import { fileURLToPath } from 'node:url'
import { FailoverRun, type Failover } from './failover-run.js'
import { clusterStage, promotionStage, restartStage, type Stage } from './failover-stages.js'

/** What was promised, how often that was tried, how often it was broken, and what else is worth knowing. */
export interface Row {
  promise: string
  tried: number
  broken: number
  figures: string
}

const STAGES: Record<string, () => Promise<Stage>> = {
  'Redis restarted on an old dump': restartStage,
  'a lagging replica promoted by Sentinel': promotionStage,
  'a master of a Cluster killed, its lagging replica promoted': clusterStage,
}

const BACK_WITHIN_MS = 2_000

/** So many acknowledged revocations in each kind of failover, or in those whose name has `only` in it. */
export async function run(count: number, only = ''): Promise<Row[]> {
  const rows: Row[] = []
  for (const [name, stage] of Object.entries(STAGES))
    if (name.includes(only)) rows.push(...rowsOf(name, await FailoverRun.on(stage, count)))
  return rows
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
    row('who was revoked stays out', acknowledged, accepted, `${asked} questions, ${staleCopies} stale copies`),
    row('nobody else is refused', bystanding, refused, `slowest answer ${slowestMs} ms`),
    row('Redis serves again within 2 s', 1, backAfterMs <= BACK_WITHIN_MS ? 0 : 1, `${backAfterMs} ms`),
    row('nothing else goes wrong', acknowledged, odd.length, odd[0]),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = await run(Number(process.argv[2] ?? 2_000), process.argv[3])
  for (const { promise, tried, broken, figures } of rows)
    console.log(`${promise.padEnd(90)} ${String(tried).padStart(7)} ${String(broken).padStart(6)}  ${figures}`)
  process.exitCode = rows.some((row) => row.broken > 0) ? 1 : 0
}
