import { Worker } from 'node:worker_threads'

interface Share {
  ran: number
  broken: { seed: number; violation: string; trace: string[] } | null
}

const THREADS = 2

/** Runs the seeds of a range on two threads; throws with the trace of a seed that breaks a property. */
export async function runSeeds(first: number, count: number): Promise<number> {
  const shares = await Promise.all(Array.from({ length: THREADS }, (_, i) => share(first + i, first + count)))
  for (const { broken } of shares)
    if (broken) throw new Error(`seed ${broken.seed}: ${broken.violation}\n${broken.trace.join('\n')}`)
  return shares.reduce((sum, each) => sum + each.ran, 0)
}

function share(from: number, to: number): Promise<Share> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: { from, to, step: THREADS } })
    worker.once('message', resolve).once('error', reject)
  })
}
