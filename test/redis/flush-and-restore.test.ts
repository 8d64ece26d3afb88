import assert from 'node:assert/strict'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ask, look, signIn, type Session } from '../race/client.js'
import { until } from '../support/clock.js'
import { ADA, assertIn, devices, GRACE, hotKeyOf, revoke, startFleet, type Fleet } from './hosts.js'

/** The bound of step 8: in so many milliseconds every process has read what died, and has no reason to bury it once more. */
const TAILED_MS = 1_200

describe('SQL decides, Redis remembers', function () {
  this.timeout(30_000)
  let fleet: Fleet
  before(async () => void (fleet = await startFleet()))
  after(() => fleet?.close())

  const copyOf = async (session: Session) => (await fleet.raw.get(hotKeyOf(session))) ?? ''

  it('Redis is flushed: nobody is signed out, and nobody who was signed out is in again', async () => {
    const alive = [...(await devices(fleet.a, ADA, 3)), await signIn(fleet.b, GRACE)]
    const [revoked, left] = (await devices(fleet.a, ADA, 2)) as [Session, Session]
    await assertIn(fleet.hosts, [...alive, revoked, left], true)
    assert.equal(await revoke(fleet.b, alive[0]!, revoked), 200)
    const { cookie, csrfToken } = left
    assert.equal((await ask(fleet.b, '/security/sign-out', { cookie, body: { csrfToken } })).status, 200)
    await wait(TAILED_MS)
    await fleet.raw.flushall()
    await assertIn(fleet.hosts, alive, true)
    await assertIn(fleet.hosts, [revoked, left], false)
  })

  it('an old dump is restored: nobody is revived, and who is alive stays', async () => {
    const [alive, revoked, second] = (await devices(fleet.a, ADA, 3)) as [Session, Session, Session]
    await assertIn(fleet.hosts, [alive, revoked, second], true)
    await fleet.raw.save()
    const dump = join(fleet.server.folder, 'dump.rdb')
    await copyFile(dump, `${dump}.old`)
    for (const victim of [revoked, second]) assert.equal(await revoke(fleet.b, alive, victim), 200)
    await assertIn(fleet.hosts, [revoked, second], false)
    await wait(TAILED_MS)

    await fleet.server.stop('SIGKILL')
    await copyFile(`${dump}.old`, dump)
    await fleet.server.start()
    for (const dead of [revoked, second]) assert.match(await copyOf(dead), /^c:/, 'else this would prove nothing')
    const stamped = (await copyOf(alive)).slice(0, 20)
    await assertIn(fleet.hosts, [revoked, second], false)
    await assertIn(fleet.hosts, [alive], true)
    await until(
      'a copy under the stamp of the new run',
      async () => {
        await look(fleet.a, alive.cookie)
        const copy = await copyOf(alive)
        return copy.startsWith('c:') && !copy.startsWith(stamped)
      },
      5_000,
    )
    await assertIn(fleet.hosts, [alive], true)
    await assertIn(fleet.hosts, [revoked, second], false)
  })

  it('a process that starts on the restored dump has never seen them die, and refuses them as well', async () => {
    const [alive, revoked] = (await devices(fleet.a, ADA, 2)) as [Session, Session]
    await assertIn(fleet.hosts, [alive, revoked], true)
    const old = await copyOf(revoked)
    assert.equal(await revoke(fleet.b, alive, revoked), 200)
    await wait(TAILED_MS)
    await fleet.raw.set(hotKeyOf(revoked), old)
    const late = await fleet.join()
    assert.equal(await copyOf(revoked), old, 'else this would prove nothing')
    await assertIn([late], [revoked], false)
    await assertIn([late], [alive], true)
  })

  it('old data comes back under a connection that never broke: after the bound of a second nobody is revived', async () => {
    const [alive, revoked] = (await devices(fleet.a, ADA, 2)) as [Session, Session]
    await assertIn(fleet.hosts, [alive, revoked], true)
    const old = await copyOf(revoked)
    assert.equal(await revoke(fleet.b, alive, revoked), 200)
    await wait(TAILED_MS)
    await fleet.raw.set(hotKeyOf(revoked), old)
    await assertIn(fleet.hosts, [revoked], false)
    await assertIn(fleet.hosts, [alive], true)
  })
})
