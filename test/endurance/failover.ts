import { addRow } from '../support/endurance.js'
import { FAILOVERS, failover } from '../redis/failovers.js'

/** `node dist/test/endurance/failover.js 600 Sentinel`: so many revocations, in the failovers that have this in their name. */
const [count = '2000', only = ''] = process.argv.slice(2)

for (const name of FAILOVERS.filter((each) => each.includes(only)))
  for (const row of await failover(name, Number(count))) addRow(row)
