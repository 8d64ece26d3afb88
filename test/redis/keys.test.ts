import assert from 'node:assert/strict'
import { ask, signIn, type Session } from '../race/client.js'
import { sessionIdIn } from '../race/rounds.js'
import { commandsIn, startProxy, type Proxy } from '../support/proxy.js'
import { ADA, dataKeyOf, GRACE, hotKeyOf, revoke, startFleet, type Fleet } from './hosts.js'

describe('What stands in Redis', () => {
  let proxy: Proxy
  let fleet: Fleet
  let device: Session
  let other: Session

  before(async () => {
    fleet = await startFleet(async (server) => {
      proxy = await startProxy(server.port)
      return proxy.url
    })
    device = await signIn(fleet.a, ADA)
    other = await signIn(fleet.b, ADA)
    for (const { cookie } of [device, other]) {
      await ask(fleet.a, '/race/note', { cookie, body: { note: 'seven crates of oranges' } })
      await ask(fleet.b, '/race/guarded', { cookie })
    }
    await revoke(fleet.b, other, device)
  })
  after(async () => {
    await fleet?.close()
    await proxy?.close()
  })

  /** What was to be written to a key, in this order: by SET, or by the script that compares first. */
  const writesTo = (key: string) =>
    commandsIn(proxy.seen).flatMap(([command, ...args]) => {
      if (command === 'set' && args[0] === key) return [args[1]!]
      return command!.startsWith('eval') && args[2] === key ? [args[4]!] : []
    })

  it('a lease comes first, then the copy, and a tombstone once the session is dead', () => {
    const [lease, copy, ...tombstones] = writesTo(hotKeyOf(device))
    assert.match(lease!, /^l:[\w-]{16}$/)
    const [, stamp, json] = /^c:([\w-]{16}):(\{.*\})$/.exec(copy!) ?? []
    assert.ok(stamp)
    assert.equal((JSON.parse(json!) as { publicId: string }).publicId, device.publicId)
    // each process buries what it reads in its tail, so there may be several
    assert.deepEqual([...new Set(tombstones)], ['x:revoked'])
  })

  it('no id of a session is told to Redis, and so none is in a dump', async () => {
    const said = [proxy.seen.map((each) => each.text), await fleet.raw.keys('*')].flat()
    for (const key of await fleet.raw.keys('*')) said.push((await fleet.raw.get(key)) ?? '')
    const told = said.join('\n')
    assert.ok(told.includes('seven crates of oranges'), 'the data of the host is there to be seen')
    for (const { cookie } of [device, other]) assert.ok(!told.includes(sessionIdIn(cookie)))
  })

  it('a sign-in writes no hot copy: the first check does, under its lease', async () => {
    const { cookie } = await ask(fleet.a, '/race/sign-in', { body: { user: GRACE } })
    const key = hotKeyOf({ cookie: cookie! })
    assert.deepEqual(writesTo(key), [])
    assert.equal(await fleet.raw.exists(key), 0)
    await ask(fleet.a, '/race/guarded', { cookie: cookie! })
    assert.deepEqual(
      writesTo(key).map((value) => value.slice(0, 2)),
      ['l:', 'c:'],
    )
  })

  it('every key is named by a hash, and the keys of a session share its tag', async () => {
    const keys = await fleet.raw.keys('*')
    for (const key of keys) assert.match(key, /^sallyport:\{[\w-]{43}\}:(hot|data|limit)$/)
    const tag = (key: string) => /\{(.+)\}/.exec(key)![1]
    assert.equal(tag(hotKeyOf(other)), tag(dataKeyOf(other)))
    for (const key of [hotKeyOf(other), dataKeyOf(other), hotKeyOf(device)]) assert.ok(keys.includes(key), key)
    assert.ok(!keys.includes(dataKeyOf(device)), 'the data of a dead session went with it')
  })

  it('everything goes by itself: a tombstone within a minute, data and copies with their session at the latest', async () => {
    const left = await fleet.raw.pttl(hotKeyOf(device))
    assert.ok(left > 0 && left <= 60_000, `a tombstone for ${left} ms`)
    for (const key of await fleet.raw.keys('*')) {
      const ms = await fleet.raw.pttl(key)
      assert.ok(ms > 0 && ms <= 7 * 86_400_000, `${key} for ${ms} ms`)
    }
  })
})
