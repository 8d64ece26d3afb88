import { explain } from '../network.js'
import { CHECKS } from './checks.js'
import { runChecks, type Found, type Subject } from './examination.js'
import { ok, problem, type Finding } from './finding.js'
import { clientsOf, openRedis, shownRedis, type OpenedRedis } from './redis-connection.js'

/** The one Redis that the option names, or each master of the Cluster. */
export async function examineRedis({ config }: Subject): Promise<Found> {
  if (!config.redis) return { findings: [], notChecked: 'no redis option: SQL alone serves' }
  const about = clientsOf(config.redis).map(shownRedis).join(', ')
  const nodes = await openRedis(config.redis, config.clock).catch(gone)
  if ('level' in nodes) return { about, findings: [nodes] }
  try {
    const answers = nodes.length === 1 ? 'it answers' : `a Cluster of ${nodes.length} masters; all answer`
    const found: Finding[][] = []
    for (const node of nodes) {
      const findings = await runChecks(CHECKS.redis, node, gone)
      found.push(nodes.length === 1 ? findings : findings.map(at(node)))
    }
    return { about, findings: [ok('redis_reachable', answers), ...together(found)] }
  } finally {
    for (const { client } of nodes) client.disconnect()
  }
}

const at =
  ({ shown }: OpenedRedis) =>
  ({ id, level, seen, change }: Finding): Finding => ({ id, level, seen: `${shown}: ${seen}`, change })

/** What is the same everywhere is said once; what is not well is said of each node. */
function together(found: readonly Finding[][]): Finding[] {
  const all = found.flat()
  const ids = [...new Set(all.map(({ id }) => id))]
  return ids.flatMap((id) => {
    const same = all.filter((each) => each.id === id)
    const bad = same.filter(({ level }) => level !== 'ok')
    return bad.length > 0 ? bad : same.slice(0, 1)
  })
}

function gone(error: unknown): Finding {
  const { seen, advice } = explain(error)
  const wrongPassword = 'correct the user and the password in the address of redis (REDIS_URL)'
  const change = /^(WRONGPASS|NOAUTH|ERR AUTH|ERR invalid password)/.test(seen) ? wrongPassword : advice
  return problem('redis_reachable', seen, change ?? 'start it, or correct redis (REDIS_URL)')
}
