import { appendFileSync } from 'node:fs'

/** A promise of the product, how often it was put to the test, how often it was broken, and what was measured. */
export interface Row {
  promise: string
  tried: number
  broken: number
  figures?: string
}

/** Adds a row to the table of `npm run endurance`; run alone, a program prints its own rows. */
export function addRow(row: Row): void {
  const file = process.env.ENDURANCE_ROWS
  if (file) appendFileSync(file, `${JSON.stringify(row)}\n`)
  else console.log(row)
  if (row.broken > 0) process.exitCode = 1
}
