import { sharedPostgres } from '../support/postgres.js'
import { addRow } from '../support/endurance.js'
import { TestClock } from '../support/clock.js'
import { newDatabase } from '../support/host.js'
import { stopAll } from '../support/process.js'
import { RACES, runRounds } from '../race/factor-rounds.js'
import { startHosts } from '../race/start-hosts.js'

const ROUNDS = Number(process.argv[2] ?? 200)
const USES = 32

const databases = { SQLite: newDatabase, PostgreSQL: async () => (await sharedPostgres()).freshDatabase() }
for (const [store, make] of Object.entries(databases)) {
  const { url: database, drop } = await make()
  const hosts = await startHosts(2, { kind: 'sallyport', database })
  const world = { a: hosts[0]!, b: hosts[1]!, clock: new TestClock() }
  for (const [name, race] of Object.entries(RACES)) {
    const began = performance.now()
    const { broken, unavailable, uses, wins } = await runRounds(world, race, ROUNDS, USES)
    for (const statuses of broken) console.error(`${store}, ${name}: ${statuses}`)
    const won = [...wins].map(([way, count]) => `${way} ${count}`).join(', ')
    addRow({
      promise: `${name}: exactly one of ${USES} uses on two processes, ${store}`,
      tried: ROUNDS,
      broken: broken.length,
      figures: `${uses} uses, won by ${won}, ${unavailable} answered 503; ${Math.round((performance.now() - began) / 1000)} s`,
    })
  }
  const errors = hosts.flatMap((host) => host.errors).filter((error) => !error.includes('database is locked'))
  for (const error of errors) console.error(error)
  if (errors.length > 0) process.exitCode = 1
  await stopAll(hosts)
  await drop()
}
// PostgreSQL runs on
process.exit()
