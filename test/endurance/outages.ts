import { addRow } from '../support/endurance.js'
import { outageRounds } from '../redis/outage-rounds.js'

/** `node dist/test/endurance/outages.js 3`: each kind of outage of Redis so many times. */
const [rounds = '8'] = process.argv.slice(2)

for (const row of await outageRounds(Number(rounds))) addRow(row)
