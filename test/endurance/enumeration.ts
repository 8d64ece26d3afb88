import { addRow } from '../support/endurance.js'
import { enumerate } from '../limits/enumeration.js'
import { startLimitsHosts } from '../limits/start-hosts.js'

const ROUNDS = 300

const hosts = await startLimitsHosts(1)
const { answers, times } = await enumerate(hosts, ROUNDS)
await hosts.close()

addRow({
  promise: 'five kinds of account get the same status, bytes and headers',
  tried: ROUNDS * times.size,
  broken: answers.size - 1,
  figures: `${answers.size} different answer${answers.size === 1 ? '' : 's'}`,
})
const medians = [...times].map(([kind, list]) => [kind, list[list.length >> 1]!] as const)
const all = medians.map(([, median]) => median)
const difference = Math.max(...all) - Math.min(...all)
addRow({
  promise: 'and in the same time: medians within a quarter',
  tried: medians.length,
  broken: difference > Math.min(...all) / 4 ? 1 : 0,
  figures: `${difference.toFixed(2)} ms apart: ${medians.map(([kind, median]) => `${kind} ${median.toFixed(2)}`).join(', ')}`,
})
