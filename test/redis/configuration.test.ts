import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { ConfigurationError, createSecurity, type SecurityOptions } from 'sallyport'
import { BASE } from '../support/browser.js'
import { until } from '../support/clock.js'
import { ada, PASSWORDS, SECRET, startHost } from '../support/host.js'
import { startCluster, type RedisCluster } from '../support/redis-cluster.js'
import { freePort, startRedis, tempFolder, type RedisServer } from '../support/services.js'

const users = { findById: () => ada, findByEmail: () => ada }

describe('The option redis', function () {
  this.timeout(60_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let cluster: RedisCluster
  let server: RedisServer
  let admin: Redis
  let addresses: { host: string; port: number }[]
  before(async () => {
    folder = await tempFolder()
    server = await startRedis()
    admin = new Redis(server.url)
    cluster = await startCluster({ replicas: false })
    addresses = cluster.nodes.map((each) => ({ host: '127.0.0.1', port: each.server.port }))
  })
  after(async () => {
    admin?.disconnect()
    await cluster?.close()
    await server?.close()
    await folder?.remove()
  })

  const database = () => `sqlite:${join(folder.path, 'security.db')}`

  /** What the refusal to start says. Nothing may be left open: a leak would keep the test process from ending. */
  async function refusal(redis: SecurityOptions['redis']): Promise<string> {
    const options = { origin: 'http://localhost:3000', secret: SECRET, database: database(), users, redis }
    try {
      await (await createSecurity({ ...options, onError: () => {} })).close()
    } catch (error) {
      assert.ok(error instanceof ConfigurationError, String(error))
      return error.message
    }
    throw new assert.AssertionError({ message: 'it started' })
  }

  /** Somebody signs in from a few browsers, is let in, and signs out. */
  async function serves(redis: SecurityOptions['redis']): Promise<void> {
    const host = await startHost({ redis })
    try {
      for (let i = 0; i < 6; i += 1) {
        const browser = host.browser()
        await browser.signIn(ada, PASSWORDS.u1!)
        for (let j = 0; j < 2; j += 1) assert.equal(await browser.isSignedIn(), true)
        await browser.submit(await browser.visit(`${BASE}/`), '/sign-out')
        assert.equal(await browser.isSignedIn(), false)
      }
      assert.deepEqual(host.errors, [])
    } finally {
      await host.close()
    }
  }

  /** A client as a host has it, which goes on when we have taken what we need. */
  async function withClient<C extends Redis | Cluster>(client: C, work: (client: C) => Promise<void>): Promise<void> {
    client.on('error', () => {})
    await work(client)
    assert.equal(await client.ping(), 'PONG', "the host's own client is left alone")
    client.disconnect()
  }

  it('an address serves', () => serves(server.url))

  it('a client of the host serves, with its password and its prefix, whatever else it is set to', async () => {
    const user = 'teller'
    await admin.acl('SETUSER', user, 'on', '>pass', '~shop:sallyport:*', '&sallyport:ended', '+@all')
    const settings = { username: user, password: 'pass', keyPrefix: 'shop:' }
    const odd = { enableAutoPipelining: true, stringNumbers: true, reconnectOnError: () => 2 as const }
    await withClient(new Redis(server.url, { ...settings, ...odd, retryStrategy: () => null }), serves)
    const keys = await admin.keys('*')
    assert.ok(keys.some((key) => key.startsWith('shop:sallyport:{')))
  })

  it('a Cluster of the host serves', () => withClient(new Cluster(addresses), serves))

  it('a Cluster whose client has a prefix serves, though the prefix has braces, and no node is asked for what it has not', async () => {
    for (const { client } of cluster.nodes) await client.config('RESETSTAT')
    await withClient(new Cluster(addresses, { redisOptions: { keyPrefix: '{shop}:' } }), serves)
    for (const { client } of cluster.nodes) assert.doesNotMatch(await client.info('errorstats'), /MOVED/)
  })

  it('the addresses of a Cluster serve, also one alone, and one that is not there among them', async () => {
    const texts = addresses.map(({ host, port }) => `${host}:${port}`)
    await serves(`redis://${texts.join(',')}`)
    await serves(`redis://${texts[1]}`)
    await serves(`redis://127.0.0.1:${await freePort()},${texts[2]}`)
  })

  it('a user that may do what docs/redis.md lists, and no more, is enough', async () => {
    const commands = ['info', 'get', 'set', 'del', 'eval', 'evalsha', 'publish', 'subscribe', 'ping', 'cluster|slots']
    const rights = ['on', '>p%s', '~sallyport:*', '&sallyport:ended', '-@all', ...commands.map((each) => `+${each}`)]
    for (const client of [admin, ...cluster.nodes.map((node) => node.client)])
      await client.acl('SETUSER', 'sallyport', ...rights)
    await serves(`redis://sallyport:p%25s@127.0.0.1:${server.port}`)
    const [first, ...others] = addresses.map(({ host, port }) => `${host}:${port}`)
    await serves(`redis://sallyport:p%25s@${[first, ...others].join(',')}`)
    await admin.acl('SETUSER', 'sallyport', 'resetchannels')
    assert.match(await refusal(`redis://sallyport:p%25s@127.0.0.1:${server.port}`), /sallyport:ended.*docs\/redis\.md/)
    await admin.acl('SETUSER', 'sallyport', '-info')
    assert.match(await refusal(`redis://sallyport:p%25s@127.0.0.1:${server.port}`), /NOPERM.*docs\/redis\.md/)
  })

  it('a client of one node of a Cluster is refused with what to write', async () => {
    const message = await refusal(new Redis({ ...addresses[0]!, lazyConnect: true }))
    assert.match(message, new RegExp(`new Cluster\\(\\[\\{ host: '127.0.0.1', port: ${addresses[0]!.port} \\}\\]\\)`))
  })

  it('reads from replicas are refused', async () => {
    for (const scaleReads of ['slave', 'all', () => []] as const) {
      const message = await refusal(new Cluster(addresses, { lazyConnect: true, scaleReads: scaleReads as 'slave' }))
      assert.match(message, /scaleReads: 'master'/)
    }
  })

  it('a replica as the only node is refused', async () => {
    const replica = await startRedis('--replicaof', '127.0.0.1', String(server.port))
    try {
      assert.match(await refusal(replica.url), /replica.*address of its master/)
    } finally {
      await replica.close()
    }
  })

  it('a master that may evict is refused, wherever it is', async () => {
    const { client } = cluster.nodes[2]!
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
    try {
      const message = await refusal(new Cluster(addresses, { lazyConnect: true }))
      assert.match(message, new RegExp(`${addresses[2]!.port}.*allkeys-lru.*maxmemory-policy noeviction`))
    } finally {
      await client.config('SET', 'maxmemory-policy', 'noeviction')
    }
  })

  it('one that begins to evict later is told of', async () => {
    const { client } = cluster.nodes[1]!
    const host = await startHost({ redis: new Cluster(addresses, { lazyConnect: true }) })
    try {
      await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
      await untilSaid(host.errors, /allkeys-lru.*noeviction/)
    } finally {
      await client.config('SET', 'maxmemory-policy', 'noeviction')
      await host.close()
    }
  })

  it('what is not there is refused within seconds, and says what did not answer', async () => {
    const port = await freePort()
    const paused = await startRedis()
    paused.pause()
    try {
      for (const [redis, says] of [
        [`redis://127.0.0.1:${port}`, /ECONNREFUSED/],
        [`redis://127.0.0.1:${port},127.0.0.1:${port}`, /none of its startup nodes/],
        [new Cluster([{ host: '127.0.0.1', port }], { lazyConnect: true }), /none of its startup nodes/],
        [
          new Redis({ sentinels: [{ host: '127.0.0.1', port }], name: 'main', lazyConnect: true }),
          /sentinels are unreachable/,
        ],
        [paused.url, /timed out|no answer/],
        [`redis://127.0.0.1:${paused.port},127.0.0.1:${port}`, /none of its startup nodes/],
        ['redis://a b,c', /write 'redis:\/\/10\.0\.0\.1:7000,10\.0\.0\.2:7000'/],
      ] as const) {
        const began = performance.now()
        assert.match(await refusal(redis), says)
        assert.ok(performance.now() - began < 7_000)
      }
    } finally {
      await paused.close()
    }
  })
})

async function untilSaid(errors: unknown[], says: RegExp): Promise<void> {
  await until(`${says}`, () => errors.some((error) => says.test(String(error))), 3_000)
}
