import { createSecurity } from 'sallyport'
import { join } from 'node:path'
import { startProcesses, stopAll, type HostProcess } from '../support/process.js'
import { SECRET } from '../support/host.js'
import { freePort, tempFolder } from '../support/services.js'
import type { LimitsSettings } from './host-process.js'
import { PASSWORD, personOf } from './people.js'

const PROGRAM = new URL('./host-process.js', import.meta.url)

export interface Hosts {
  processes: HostProcess[]
  database: string
  /** Ends the processes at once (SIGKILL) and starts as many anew, on the same ports. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** Host processes on one database; in it, who has a password: ada, grace, dora (disabled by the host) and ivan (by us). */
export async function startLimitsHosts(count: number, common: Partial<LimitsSettings> = {}): Promise<Hosts> {
  const folder = await tempFolder()
  const database = common.database ?? `sqlite:${join(folder.path, 'security.db')}`
  const settings: LimitsSettings[] = []
  for (let i = 0; i < count; i += 1) settings.push({ ...common, database, port: await freePort() })
  await givePasswords(database)
  const hosts: Hosts = {
    processes: await startProcesses(PROGRAM, settings),
    database,
    restart: async () => {
      await stopAll(hosts.processes)
      hosts.processes = await startProcesses(PROGRAM, settings)
    },
    close: async () => {
      await stopAll(hosts.processes)
      await folder.remove()
    },
  }
  return hosts
}

async function givePasswords(database: string): Promise<void> {
  const users = { findById: personOf, findByEmail: () => null }
  const security = await createSecurity({ origin: 'http://localhost:1', secret: SECRET, database, users })
  for (const id of ['ada', 'grace', 'dora', 'ivan']) await security.passwords.set(id, PASSWORD)
  await security.users.disable('ivan')
  await security.close()
}
