import assert from 'node:assert/strict'
import { sha256 } from '../../src/core/crypto.js'
import { ask, signIn, type Session } from '../race/client.js'
import { sessionIdIn } from '../race/rounds.js'
import { roundTrips, startProxy, type Proxy } from '../support/proxy.js'
import { ADA, startFleet, type Fleet } from './hosts.js'

const DELAY_MS = 50
const TRIES = 5

describe('What the check costs: a Redis whose every reply is 50 ms late', () => {
  let proxy: Proxy
  let fleet: Fleet
  let device: Session

  before(async () => {
    fleet = await startFleet(async (server) => {
      proxy = await startProxy(server.port, { delayMs: DELAY_MS })
      return proxy.url
    })
    device = await signIn(fleet.a, ADA)
    await ask(fleet.a, '/race/guarded', { cookie: device.cookie }) // from now on the hot copy is there
  })
  after(async () => {
    await fleet?.close()
    await proxy?.close()
  })

  it('a guarded request asks for data and for the hot copy at once, and for nothing else', async () => {
    const idHash = sha256(sessionIdIn(device.cookie))
    for (let i = 0; i < TRIES; i += 1) {
      const mark = proxy.seen.length
      assert.equal((await ask(fleet.a, '/race/guarded', { cookie: device.cookie })).status, 200)
      const seen = proxy.seen.slice(mark)
      const asked = seen.filter((each) => each.kind === 'request').map((each) => each.text)
      const keys = asked.join('').match(/get\r\n\$\d+\r\nsallyport:\{[^}]+\}:\w+/gi) ?? []
      assert.deepEqual(
        keys.map((each) => each.split('\r\n')[2]).toSorted((x, y) => x!.localeCompare(y!)),
        [`sallyport:{${idHash}}:data`, `sallyport:{${idHash}}:hot`],
        asked.join(''),
      )
      assert.equal(asked.join('').split(idHash).length - 1, 2, 'no other command names this session')
      assert.equal(
        roundTrips(seen, (text) => text.includes(idHash)),
        1,
      )
    }
  })

  it('it takes one delay, not two', async () => {
    const times: number[] = []
    for (let i = 0; i < TRIES; i += 1) {
      const began = performance.now()
      await ask(fleet.a, '/race/guarded', { cookie: device.cookie })
      times.push(performance.now() - began)
    }
    // the quickest of several: how busy this machine is says nothing about the number of round trips
    const quickest = Math.min(...times)
    assert.ok(quickest >= DELAY_MS * 0.9, `${quickest} ms: the proxy was not asked`)
    assert.ok(quickest < DELAY_MS * 2, `${quickest} ms: that is more than one round trip`)
  })
})
