import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tempFolder } from '../test/support/services.js'
import { start, type Stores } from './children.js'
import { warmUp } from './measure.js'
import { placeOf, type CallFrame } from './places.js'
import { table } from './report.js'
import type { VariantName } from './variants.js'

const ROWS = 25

/** The parts of a `.cpuprofile` that are read here. Times are microseconds of the clock behind `process.hrtime`. */
interface CpuProfile {
  nodes: { id: number; callFrame: CallFrame }[]
  startTime: number
  samples: number[]
  timeDeltas: number[]
}

interface Span {
  from: number
  to: number
}

/** Where the processor time of a variant goes under load: shares of packages and files, then of functions. */
export async function profile(name: VariantName, stores: Stores, requests: number): Promise<string> {
  const folder = await tempFolder()
  try {
    const server = await start(name, stores, ['--cpu-prof', `--cpu-prof-dir=${folder.path}`])
    let span: Span
    try {
      span = await load(() => warmUp(server, requests))
    } finally {
      await server.stop() // which is when the profile is written
    }
    const [file] = await readdir(folder.path)
    if (!file) throw new Error(`${name} wrote no profile`)
    return summary(JSON.parse(await readFile(join(folder.path, file), 'utf8')) as CpuProfile, span)
  } finally {
    await folder.remove()
  }
}

/** The second run of the load: by then start-up is over and the compiler has done its work. */
async function load(run: () => Promise<void>): Promise<Span> {
  const now = () => Number(process.hrtime.bigint() / 1000n)
  await run()
  const from = now()
  await run()
  return { from, to: now() }
}

function summary(taken: CpuProfile, span: Span): string {
  const byOwner = new Map<string, number>()
  const byFunction = new Map<string, number>()
  let busy = 0
  for (const [frame, time] of selfTimes(taken, span)) {
    if (frame.functionName === '(idle)') continue
    const { owner, line } = placeOf(frame)
    busy += time
    add(byOwner, owner, time)
    add(byFunction, `${frame.functionName || '(anonymous)'}  ${line}`.trimEnd(), time)
  }
  return [
    shares('self time by package or file', byOwner, busy),
    shares('self time by function', byFunction, busy),
  ].join('\n\n')
}

/** Microseconds per function within the span. A sample stands for the time since the one before it. */
function selfTimes({ nodes, startTime, samples, timeDeltas }: CpuProfile, { from, to }: Span): [CallFrame, number][] {
  const byNode = new Map<number, number>()
  let at = startTime
  for (const [index, node] of samples.entries()) {
    const delta = timeDeltas[index] ?? 0
    at += delta
    if (at >= from && at <= to) add(byNode, node, delta)
  }
  return nodes.map(({ id, callFrame }) => [callFrame, byNode.get(id) ?? 0])
}

function add<K>(sums: Map<K, number>, key: K, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value)
}

function shares(title: string, sums: Map<string, number>, whole: number): string {
  const largest = [...sums].toSorted((a, b) => b[1] - a[1]).slice(0, ROWS)
  return table([[title, '%'], ...largest.map(([name, time]) => [name, ((100 * time) / whole).toFixed(1)])])
}
