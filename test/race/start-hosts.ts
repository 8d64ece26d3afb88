import { startProcesses, type HostProcess } from '../support/process.js'
import { freePort } from '../support/services.js'
import type { HostSettings } from './host-process.js'

const PROGRAM = new URL('./host-process.js', import.meta.url)

/** Starts host processes on the same stores, each on a port of its own. */
export async function startHosts(count: number, common: Omit<HostSettings, 'port'>): Promise<HostProcess[]> {
  const settings: HostSettings[] = []
  for (let i = 0; i < count; i += 1) settings.push({ ...common, port: await freePort() })
  return startProcesses(PROGRAM, settings)
}
