import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { sha256 } from '../../src/core/crypto.js'
import { ask, signIn, type Session } from '../race/client.js'
import { until } from '../support/clock.js'
import { startRedis, type RedisServer } from '../support/services.js'
import { ADA, assertIn, devices, hotKeyOf, revoke, startFleet, timed, type Fleet } from './hosts.js'

/** A beat of each process, and a little more: by then it has asked the node who it is. */
const BEAT_MS = 800

describe('Another node, another role', function () {
  this.timeout(30_000)
  let fleet: Fleet
  let other: RedisServer
  before(async () => {
    fleet = await startFleet()
    other = await startRedis('--repl-diskless-sync-delay', '0')
  })
  after(async () => {
    await fleet?.close()
    await other?.close()
  })

  const copyOf = async (session: Session) => (await fleet.raw.get(hotKeyOf(session))) ?? ''
  const userOf = async ({ cookie }: Session) => (await ask(fleet.a, '/race/open', { cookie })).body.user
  /** A copy that names another user, to see whether it is believed. */
  const forged = (copy: string) => copy.replace(`"userId":"${ADA}"`, '"userId":"lane9"')

  it('a copy is believed under the stamp of the node that serves, and under no other', async () => {
    const device = await signIn(fleet.a, ADA)
    await assertIn(fleet.hosts, [device], true)
    const copy = forged(await copyOf(device))
    await fleet.raw.set(hotKeyOf(device), copy)
    assert.equal(await userOf(device), 'lane9', 'it is the copy that answers')
    await fleet.raw.set(hotKeyOf(device), copy.replace(/^c:[^:]+/, 'c:0123456789abcdef'))
    assert.equal(await userOf(device), ADA)
  })

  it('the node becomes a replica and a master again: everybody stays, and a revocation in between holds', async () => {
    const [alive, revoked, early] = (await devices(fleet.a, ADA, 3)) as [Session, Session, Session]
    await assertIn(fleet.hosts, [alive, revoked, early], true)
    const old = { early: await copyOf(early), alive: await copyOf(alive) }
    assert.equal(await revoke(fleet.b, alive, early), 200)
    await wait(BEAT_MS) // each process has buried it; else their tails would fail, and they believe no copy at all
    await demote()
    try {
      await putThroughMaster(alive, old.alive)
      assert.equal(await userOf(alive), ADA, 'what a replica says counts for nothing, whatever its stamp')
      await assertIn(fleet.hosts, [alive], true)
      const { value, ms } = await timed(() => revoke(fleet.b, alive, revoked))
      assert.equal(value, 200)
      assert.ok(ms >= 1_000, `acknowledged in ${ms} ms, though a replica takes no tombstone`)
      await assertIn(fleet.hosts, [revoked, early], false)
      await assertIn(fleet.hosts, [alive], true)
    } finally {
      await fleet.raw.replicaof('NO', 'ONE')
    }
    // what the node had held before comes back with its old stamp
    await fleet.raw.set(hotKeyOf(early), old.early)
    await fleet.raw.set(hotKeyOf(alive), forged(old.alive))
    await filledAnew(alive, forged(old.alive), 8_000)
    await assertIn(fleet.hosts, [revoked, early], false)
    await assertIn(fleet.hosts, [alive], true)
  })

  it('a check that meets a node before anybody knows it leaves nothing there that keeps others from filling', async () => {
    const alive = await signIn(fleet.a, ADA)
    await assertIn(fleet.hosts, [alive], true)
    await demote()
    await fleet.raw.replicaof('NO', 'ONE')
    // the next beat is up to half a second away: the node answers, and may be any node
    await filledAnew(alive, '', 2_000)
  })

  /** Makes the node a replica of another, and waits until every process has noticed. */
  async function demote(): Promise<void> {
    await fleet.raw.replicaof('127.0.0.1', other.port)
    await until('the link', async () => (await fleet.raw.info()).includes('master_link_status:up'), 5_000)
    await wait(BEAT_MS)
  }

  /** Asks again and again until a copy stands there that is not `old`; whatever stands there, the row is what counts. */
  async function filledAnew(session: Session, old: string, ms: number): Promise<void> {
    const isNew = async () => {
      assert.equal(await userOf(session), ADA)
      const copy = await copyOf(session)
      return copy.startsWith('c:') && copy !== old
    }
    await until('a copy under the new stamp', isNew, ms)
  }

  /** Writes a forged copy into the master of our replica, under the very stamp that the replica itself would have. */
  async function putThroughMaster(session: Session, copy: string): Promise<void> {
    const info = await fleet.raw.info()
    const [run, replication] = ['run_id', 'master_replid'].map(
      (name) => new RegExp(`^${name}:(\\w+)`, 'm').exec(info)![1],
    )
    const text = forged(copy).replace(/^c:[^:]+/, `c:${sha256(`${run} ${replication}`).slice(0, 16)}`)
    const master = new Redis(other.url)
    await master.set(hotKeyOf(session), text)
    master.disconnect()
    await until('the forged copy', async () => (await copyOf(session)) === text)
  }
})
