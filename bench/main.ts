import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { sharedPostgres } from '../test/support/postgres.js'
import { startRedis } from '../test/support/services.js'
import { start, type Running, type Stores } from './children.js'
import { measure, warmUp } from './measure.js'
import { profile } from './profile.js'
import { machine, resultTable } from './report.js'
import { isVariantName, variantNames } from './variants.js'

/** What a request costs, with Sallyport and with what people use instead. `npm run bench -- --help` says how to ask. */
const HELP = `npm run bench -- [--rounds 7] [--requests 7000]   requests per variant and round
npm run bench -- --profile <variant> [--requests 7000]`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    requests: { type: 'string', default: '7000' },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

// without a handler these end the process without its 'exit' event, which stops the children
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

if (values.help) console.log(HELP)
else await withStores(values.profile === undefined ? compare : profileOf(values.profile))

function profileOf(name: string) {
  if (!isVariantName(name)) throw new Error(`--profile ${name} is no variant; write one of ${variantNames.join(', ')}`)
  return async (stores: Stores) => {
    console.log(await profile(name, stores, count('requests')))
    console.log(`\n${name}, ${machine()}`)
  }
}

async function compare(stores: Stores, redisPid: number): Promise<void> {
  const size = { rounds: count('rounds'), requests: count('requests') }
  const running: Running[] = []
  try {
    for (const name of variantNames) running.push(await start(name, stores))
    for (const each of running) await warmUp(each, size.requests)
    const results = await measure(running, redisPid, size)
    console.log(`${resultTable(results)}\n`)
    console.log(`medians of ${size.rounds} rounds of ${size.requests} requests, 32 connections; ${machine()}`)
  } finally {
    await Promise.all(running.map((each) => each.stop()))
  }
}

/** A Redis and a PostgreSQL of our own, on free ports of the loopback interface. */
async function withStores(work: (stores: Stores, redisPid: number) => Promise<void>): Promise<void> {
  const server = await startRedis()
  const postgres = await sharedPostgres()
  try {
    const client = new Redis(server.url)
    const info = await client.info('server').finally(() => client.disconnect())
    await work({ redis: server.url, postgres: postgres.url }, Number(/^process_id:(\d+)/m.exec(info)?.[1]))
  } finally {
    await postgres.close()
    await server.close()
  }
}

function count(name: 'rounds' | 'requests'): number {
  const number = Number(values[name])
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} must be a whole number above 0`)
  return number
}
