import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { RequestHandler } from 'express'

/** What a process holds on to. */
export interface Vitals {
  /** Bytes of the heap that are in use when all that can be collected has been. */
  heap: number
  /** Sockets, timers and the like. */
  resources: number
}

/** Tells the vitals of the process it runs in. */
export function vitals(): RequestHandler {
  setFlagsFromString('--expose_gc')
  const collect = runInNewContext('gc') as () => void
  return function vitals(_req, res) {
    collect()
    const told: Vitals = { heap: process.memoryUsage().heapUsed, resources: process.getActiveResourcesInfo().length }
    res.json(told)
  }
}
