import { cpus } from 'node:os'
import type { Result } from './measure.js'
import { variants } from './variants.js'

type Row = readonly string[]

const HEAD: Row = ['', 'CPU µs/req', 'Redis µs/req', 'x floor', 'req/s', 'p50 ms', 'p99 ms']

/** The figures of a run as a table. */
export function resultTable(results: readonly Result[]): string {
  const rows = results.map((each) => [
    variants[each.name].label,
    each.cpu.toFixed(1),
    each.redis.toFixed(1),
    each.ratio.toFixed(2),
    each.perSecond.toFixed(0),
    each.p50.toFixed(2),
    each.p99.toFixed(2),
  ])
  return table([HEAD, ...rows])
}

/** What the figures were taken on; they mean nothing without it. */
export function machine(): string {
  const list = cpus()
  return `node ${process.version}, ${process.platform} ${process.arch}, ${list.length} x ${list[0]?.model.trim() ?? 'unknown'}`
}

/** Columns side by side: the first to the left, numbers to the right. */
export function table(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: Row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
