import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ask, signIn } from '../race/client.js'
import { KILLS, type Kill } from '../race/kills.js'
import { Lane } from '../race/rounds.js'
import { startHosts } from '../race/start-hosts.js'
import { stopAll, type HostProcess } from '../support/process.js'
import { until } from '../support/clock.js'
import { startProxy, type Proxy } from '../support/proxy.js'
import { tempFolder } from '../support/services.js'
import { startFleet, type Fleet } from './hosts.js'
import { endsWithin, openStream } from './streams.js'

/** A stream that has just been opened is looked after by the next beat in any case; ours are older than that. */
const BEAT_MS = 700

const revokeOne = KILLS.find((kill) => kill.name === 'revoke one')!

/** The kill is done on `b`; the streams are open on `a`. */
async function endsEverywhere(a: HostProcess, b: HostProcess, lane: Lane, kill: Kill): Promise<void> {
  const device = await signIn(a, lane.user)
  const streams = [await openStream(a, device), await openStream(b, device)]
  const stranger = await openStream(a, await signIn(a, 'lane1'))
  await wait(BEAT_MS)
  const strike = await kill.arm(b, lane, device)
  assert.equal((await strike()).done, true)
  const since = performance.now()
  for (const stream of streams) await endsWithin(1_000, stream, since)
  assert.ok(stranger.isOpen(), 'nobody else is cut off')
  stranger.close()
}

describe('/live on one process, a revocation on another: SQLite alone', () => {
  const lane = new Lane('lane0')
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let hosts: HostProcess[] = []
  before(async () => {
    folder = await tempFolder()
    hosts = await startHosts(2, { kind: 'sallyport', database: `sqlite:${join(folder.path, 'security.db')}` })
    await ask(hosts[0]!, '/race/password', { body: { user: lane.user, password: lane.password } })
  })
  after(async () => {
    await stopAll(hosts)
    await folder?.remove()
  })

  for (const kill of KILLS)
    it(`${kill.name}: the streams end within a second`, () => endsEverywhere(hosts[0]!, hosts[1]!, lane, kill))
})

describe('/live on one process, a revocation on another: with Redis', function () {
  this.timeout(30_000)
  const lane = new Lane('lane0')
  let fleet: Fleet
  let proxy: Proxy
  let severed = false
  before(async () => {
    fleet = await startFleet(async (server) => {
      proxy = await startProxy(server.port, { breaksAt: (request) => severed && /subscribe/i.test(request) })
      return proxy.url
    })
    await ask(fleet.a, '/race/password', { body: { user: lane.user, password: lane.password } })
  })
  after(async () => {
    await fleet?.close()
    await proxy?.close()
  })

  /** A device with an open stream on A, and the revocation of it on B, ready to be done. */
  async function begin() {
    const device = await signIn(fleet.a, lane.user)
    const stream = await openStream(fleet.a, device)
    await wait(BEAT_MS)
    return { device, stream, strike: await revokeOne.arm(fleet.b, lane, device) }
  }

  for (const kill of KILLS)
    it(`${kill.name}: the streams end within a second`, () => endsEverywhere(fleet.a, fleet.b, lane, kill))

  it('it is told before the revocation is acknowledged, and whoever hears it acts at once', async () => {
    const heard: string[] = []
    const listener = fleet.raw.duplicate()
    listener.on('error', () => {}) // it is closed with the server at the latest
    listener.on('message', (_channel: string, text: string) => heard.push(text))
    await listener.subscribe('sallyport:ended')
    const { device, strike } = await begin()
    await strike()
    await fleet.raw.publish('sallyport:ended', '"the end"') // whoever has heard this has heard what was said before
    await until('the end', () => heard.includes('"the end"'))
    assert.deepEqual(heard, [JSON.stringify([device.publicId]), '"the end"'])
    listener.disconnect()

    const other = await begin()
    const since = performance.now()
    await fleet.raw.publish('sallyport:ended', JSON.stringify([other.device.publicId])) // no tail can have read this
    await endsWithin(1_000, other.stream, since)
  })

  it('the subscriber loses its connection meanwhile: the stream ends within a second and a half', async () => {
    const { stream, strike } = await begin()
    const struck = new AbortController()
    const cut = async () => {
      while (!struck.signal.aborted) {
        await fleet.raw.client('KILL', 'TYPE', 'pubsub')
        await wait(2)
      }
    }
    const cutting = cut()
    await wait(20)
    await strike()
    const since = performance.now()
    struck.abort()
    await cutting
    await endsWithin(1_500, stream, since)
  })

  it('the connection breaks each time it subscribes anew: the process lives, and the stream ends', async () => {
    severed = true
    try {
      await fleet.raw.client('KILL', 'TYPE', 'pubsub')
      const { stream, strike } = await begin() // it takes longer than some attempts
      await strike()
      const since = performance.now()
      await endsWithin(1_500, stream, since)
    } finally {
      severed = false
    }
  })

  it('Redis is gone: the stream ends within two seconds all the same', async () => {
    const { stream, strike } = await begin()
    await fleet.server.stop()
    await strike()
    const since = performance.now()
    await endsWithin(2_000, stream, since)
  })
})
