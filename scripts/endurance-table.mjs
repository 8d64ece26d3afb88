// Prints the rows that the endurance programs have left: promise | tried | broken | figures.
import { readFileSync } from 'node:fs'

const lines = readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)
const rows = lines.map((line) => JSON.parse(line))
const cells = rows.map(({ promise, tried, broken, figures = '' }) => [promise, String(tried), String(broken), figures])
const table = [['promise', 'tried', 'broken', 'figures'], ...cells]
const widths = [0, 1, 2].map((i) => Math.max(...table.map((cell) => cell[i].length)))
for (const [promise, tried, broken, figures] of table)
  console.log(
    `${promise.padEnd(widths[0])}  ${tried.padStart(widths[1])}  ${broken.padStart(widths[2])}  ${figures}`.trimEnd(),
  )
