import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { DatabaseSync } from '@photostructure/sqlite'
import { stopAll, type HostProcess } from '../support/process.js'
import { tempFolder } from '../support/services.js'
import { ask, look, signIn } from './client.js'
import { startHosts } from './start-hosts.js'

/** Longer than SQLite itself waits, shorter than we do. */
const LOCKED_MS = 400

describe('Another process holds the database for a while', function () {
  this.timeout(20_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let hosts: HostProcess[] = []
  let other: InstanceType<typeof DatabaseSync>
  before(async () => {
    folder = await tempFolder()
    const path = join(folder.path, 'security.db')
    hosts = await startHosts(1, { kind: 'sallyport', database: `sqlite:${path}` })
    other = new DatabaseSync(path)
  })
  after(async () => {
    other?.close()
    await stopAll(hosts)
    await folder?.remove()
  })

  it('what was to be written is written: a sign-in, the data of the host, when a session was last used', async () => {
    const host = hosts[0]!
    const { cookie, publicId } = await signIn(host, 'lane0')
    const lastActive = () =>
      other.prepare('select last_active_at from security_sessions where public_id = ?').get(publicId) as object
    const before = lastActive()
    await host.advance(61_000)

    other.exec('begin immediate')
    const freed = wait(LOCKED_MS).then(() => other.exec('commit'))
    const [noted, signedIn] = await Promise.all([
      ask(host, '/race/note', { cookie, body: { note: 'seven crates of oranges' } }),
      ask(host, '/race/sign-in', { body: { user: 'lane1' } }),
      freed,
    ])
    assert.deepEqual([noted.status, signedIn.status], [200, 200])
    assert.deepEqual((await look(host, cookie)).notes, [null, 'seven crates of oranges'])
    assert.notDeepEqual(lastActive(), before)
    assert.deepEqual(host.errors, [])
  })
})
