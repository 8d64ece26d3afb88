import type { Running } from './children.js'
import { cpuMicroseconds } from './cpu.js'
import { Load } from './load.js'
import { median, percentile } from './numbers.js'
import type { VariantName } from './variants.js'

/** One variant in one round. CPU in microseconds per request, latency in milliseconds. */
interface Sample {
  cpu: number
  redis: number
  /** `cpu` in units of the floor's of the same round. */
  ratio: number
  perSecond: number
  p50: number
  p99: number
}

export interface Result extends Sample {
  name: VariantName
}

/**
 * Rounds over all variants, in an order that rotates, so that what else the machine does hits all alike. The result is
 * the median of each figure; ratios are taken within a round, before the median.
 */
export async function measure(
  running: readonly Running[],
  redisPid: number,
  { rounds, requests }: { rounds: number; requests: number },
): Promise<Result[]> {
  const samples = new Map(running.map(({ name }) => [name, [] as Sample[]]))
  for (let round = 0; round < rounds; round += 1) {
    const taken = new Map<VariantName, Sample>()
    for (const each of rotated(running, round)) taken.set(each.name, await sample(each, redisPid, requests))
    const floor = taken.get('floor')!.cpu
    for (const [name, one] of taken) samples.get(name)!.push({ ...one, ratio: one.cpu / floor })
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  return [...samples].map(([name, list]) => medians(name, list))
}

/** Load that is not measured, for the compiler to do its work. */
export async function warmUp(target: Running, requests: number): Promise<void> {
  const load = await Load.open(target)
  await load.run(requests).finally(() => load.close())
}

async function sample(target: Running, redisPid: number, requests: number): Promise<Sample> {
  const load = await Load.open(target)
  try {
    const before = [cpuMicroseconds(target.pid), cpuMicroseconds(redisPid)] as const
    const { seconds, latencies } = await load.run(requests)
    return {
      cpu: (cpuMicroseconds(target.pid) - before[0]) / requests,
      redis: (cpuMicroseconds(redisPid) - before[1]) / requests,
      ratio: 1,
      perSecond: requests / seconds,
      p50: percentile(latencies, 50),
      p99: percentile(latencies, 99),
    }
  } finally {
    load.close()
  }
}

const rotated = <T>(list: readonly T[], by: number): T[] => {
  const first = by % list.length
  return [...list.slice(first), ...list.slice(0, first)]
}

function medians(name: VariantName, list: readonly Sample[]): Result {
  const of = (figure: keyof Sample) => median(list.map((each) => each[figure]))
  return {
    name,
    cpu: of('cpu'),
    redis: of('redis'),
    ratio: of('ratio'),
    perSecond: of('perSecond'),
    p50: of('p50'),
    p99: of('p99'),
  }
}
