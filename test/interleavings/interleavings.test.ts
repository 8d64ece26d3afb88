import assert from 'node:assert/strict'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { RULES, type Rule } from './rules.js'
import { runSeeds } from './run.js'
import { runSchedule } from './schedule.js'

const SCHEDULES = 20_000

describe('The session core, step by step in seeded random orders', () => {
  let db: Database
  before(async () => void (db = await openDatabase('sqlite::memory:')))
  after(() => db.destroy())

  it(`${SCHEDULES} schedules with crashes, flushes, restores, expiries, split brains and outages keep P1 to P5`, async function () {
    this.timeout(240_000)
    assert.equal(await runSeeds(1, SCHEDULES), SCHEDULES)
  })

  for (const [rule, seed] of Object.entries(RULES) as [Rule, number][])
    it(`without the rule "${rule}" seed ${seed} is let in, or locked out`, async () => {
      const { violation, trace } = await runSchedule(db, seed, rule)
      assert.match(String(violation), /^P[1-5] /, `seed ${seed} holds; look for another one\n${trace.join('\n')}`)
      assert.equal((await runSchedule(db, seed)).violation, null, 'and the protocol itself holds there')
    })
})
