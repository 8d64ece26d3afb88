import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { DatabaseSync } from '@photostructure/sqlite'
import { stopAll, type HostProcess } from '../support/process.js'
import { tempFolder } from '../support/services.js'
import { look, signIn } from './client.js'
import { startHosts } from './start-hosts.js'

/** Longer than a host takes to come to its database. */
const LOCKED_MS = 1_800

describe('Processes that start together on a new database', function () {
  this.timeout(20_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let hosts: HostProcess[] = []
  beforeEach(async () => void (folder = await tempFolder()))
  afterEach(async () => {
    await stopAll(hosts)
    hosts = []
    await folder.remove()
  })

  async function start(count: number): Promise<void> {
    hosts = await startHosts(count, { kind: 'sallyport', database: `sqlite:${join(folder.path, 'security.db')}` })
  }

  it('one makes the tables, the others wait, and all know the same sessions', async () => {
    await start(4)
    const { cookie } = await signIn(hosts[0]!, 'lane0')
    for (const host of hosts) assert.equal((await look(host, cookie)).isIn, true)
  })

  it('a host waits for whoever is writing to the new file at that moment', async () => {
    const first = new DatabaseSync(join(folder.path, 'security.db'))
    try {
      first.exec('begin immediate')
      await Promise.all([start(1), wait(LOCKED_MS).then(() => first.exec('commit'))])
    } finally {
      first.close()
    }
  })
})
