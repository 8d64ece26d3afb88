import { parseArgs } from 'node:util'
import { openDatabase } from '../../src/stores/sql/database.js'
import { RULES, type Rule } from './rules.js'
import { runSeeds } from './run.js'
import { runSchedule } from './schedule.js'

// npm run interleavings -- --first 1 --count 200000      more schedules than the suite has time for
// npm run interleavings -- --rule lease                  the first seed that catches the protocol without this rule
// npm run interleavings -- --rule lease --seed 3469      its trace
const { values } = parseArgs({
  options: {
    first: { type: 'string', default: '1' },
    count: { type: 'string', default: '100000' },
    rule: { type: 'string' },
    seed: { type: 'string' },
  },
})

if (values.rule || values.seed) {
  if (values.rule && !Object.hasOwn(RULES, values.rule))
    throw new Error(`no rule "${values.rule}", only: ${Object.keys(RULES).join(', ')}`)
  const db = await openDatabase('sqlite::memory:')
  const last = values.seed ? Number(values.seed) : 50_000
  for (let seed = Number(values.seed ?? values.first); seed <= last; seed += 1) {
    const { violation, trace } = await runSchedule(db, seed, (values.rule as Rule | undefined) ?? null)
    if (!violation && !values.seed) continue
    console.log(`seed ${seed}: ${violation ?? 'holds'}\n${trace.join('\n')}`)
    break
  }
} else {
  const began = Date.now()
  const ran = await runSeeds(Number(values.first), Number(values.count))
  console.log(`${ran} schedules hold, ${((Date.now() - began) / 1000).toFixed(1)} s`)
}
