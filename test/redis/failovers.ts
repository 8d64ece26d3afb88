import type { Row } from '../support/endurance.js'
import { FailoverRun, type Failover } from './failover-run.js'
import { clusterStage, promotionStage, restartStage } from './failover-stages.js'

const STAGES = {
  'Redis restarted on an old dump': restartStage,
  'a lagging replica promoted by Sentinel': promotionStage,
  'a master of a Cluster killed, its lagging replica promoted': clusterStage,
} as const

type Name = keyof typeof STAGES
export const FAILOVERS = Object.keys(STAGES) as Name[]

const BACK_WITHIN_MS = 2_000

/** So many acknowledged revocations around one kind of failover. */
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
