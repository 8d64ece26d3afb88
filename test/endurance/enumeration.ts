import { addRow } from '../support/endurance.js'
import { NO_MAIL_SERVER } from '../support/mails.js'
import { enumerate } from '../limits/enumeration.js'
import { startLimitsHosts } from '../limits/start-hosts.js'

const ROUNDS = 300
/** What the medians of equal accounts differ by on a shared machine, one run to the next, in ms and another order each time. */
const NOISE_MS = 1

for (const [door, where] of [
  ['/sign-in', ''],
  ['/forgot-password', ' that has forgotten its password'],
] as const) {
  const hosts = await startLimitsHosts(1, { options: { mail: NO_MAIL_SERVER } })
  const { answers, times } = await enumerate(hosts, ROUNDS, door)
  await hosts.close()

  addRow({
    promise: `five kinds of account${where} get the same status, bytes and headers`,
    tried: ROUNDS * times.size,
    broken: answers.size - 1,
    figures: `${answers.size} different answer${answers.size === 1 ? '' : 's'}`,
  })
  const medians = [...times].map(([kind, list]) => [kind, list[list.length >> 1]!] as const)
  const all = medians.map(([, median]) => median)
  const difference = Math.max(...all) - Math.min(...all)
  addRow({
    promise: `and in the same time: medians within a quarter, or ${NOISE_MS} ms`,
    tried: medians.length,
    broken: difference > Math.max(NOISE_MS, Math.min(...all) / 4) ? 1 : 0,
    figures: `${difference.toFixed(2)} ms apart: ${medians.map(([kind, median]) => `${kind} ${median.toFixed(2)}`).join(', ')}`,
  })
}
