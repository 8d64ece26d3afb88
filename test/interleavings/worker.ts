import { parentPort, workerData } from 'node:worker_threads'
import { openDatabase } from '../../src/stores/sql/database.js'
import { runSchedule } from './schedule.js'

/** Runs a share of the seeds on a thread of its own, and reports the first that breaks a property. */
const { from, to, step } = workerData as { from: number; to: number; step: number }
const db = await openDatabase('sqlite::memory:')
let broken: { seed: number; violation: string; trace: string[] } | null = null
let ran = 0
for (let seed = from; seed < to && !broken; seed += step) {
  const { violation, trace } = await runSchedule(db, seed)
  ran += 1
  if (violation) broken = { seed, violation, trace }
}
parentPort!.postMessage({ ran, broken })
await db.destroy()
