import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Redis } from 'ioredis'
import { until } from '../support/clock.js'
import { startProxy } from '../support/proxy.js'
import { answering, freePort, startRedis, tempFolder, type RedisServer } from '../support/services.js'
import { selfSigned } from './certificate.js'
import { configFile, doctor, STORE_PASSWORD, type Examined } from './run-cli.js'

const IOREDIS = pathToFileURL('node_modules/ioredis/built/index.js').href

describe('sallyport doctor, Redis', function () {
  this.timeout(30_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let redis: RedisServer
  let client: Redis
  const others: RedisServer[] = []
  before(async () => {
    folder = await tempFolder()
    redis = await startRedis()
    client = new Redis(redis.url)
  })
  after(async () => {
    client?.disconnect()
    for (const each of [redis, ...others]) await each?.close()
    await folder?.remove()
  })

  const examine = async (url = redis.url, more = '', env: NodeJS.ProcessEnv = {}): Promise<Examined> =>
    // what a file opens goes on trying to reach its servers
    doctor(await configFile(folder.path, { redis: url }, more), [], { env, alone: more !== '' })
  const another = async (...options: string[]): Promise<RedisServer> => {
    const server = await startRedis(...options)
    others.push(server)
    return server
  }
  const firm = ['redis_reachable', 'redis_role', 'redis_writable', 'redis_eviction', 'redis_memory'] as const
  const more = ['redis_persistence', 'redis_version', 'redis_latency', 'redis_clock'] as const

  it('of the usual settings on this machine is good', async () => {
    const found = await examine()
    for (const id of [...firm, ...more]) assert.equal(found.level(id), 'ok', `${id} in ${found.out}`)
    for (const id of ['redis_replicas', 'redis_cluster', 'redis_password', 'redis_tls'] as const)
      assert.equal(found.level(id), undefined, id)
    assert.match(found.says('redis_persistence', 'ok'), /nothing is persisted: a restart empties .*carts/)
    assert.deepEqual(
      (await client.keys('*')).filter((key) => !key.startsWith('sallyport:doctor')),
      [],
    )
  })

  it('is not asked where there is none', async () => {
    const found = await doctor(await configFile(folder.path, {}))
    assert.equal(found.notChecked.find(({ section }) => section === 'redis')?.why, 'no redis option: SQL alone serves')
  })

  it('that cannot be reached, or refuses the password, is a problem that says why', async () => {
    const port = await freePort()
    const dead = await examine(`redis://:${STORE_PASSWORD}@127.0.0.1:${port}`)
    assert.match(dead.says('redis_reachable'), new RegExp(`ECONNREFUSED 127.0.0.1:${port} -> nothing listens there`))
    const locked = await another('--requirepass', 'another-password')
    for (const url of [`redis://:${STORE_PASSWORD}@127.0.0.1:${locked.port}`, locked.url]) {
      const found = await examine(url)
      assert.match(found.says('redis_reachable'), /(WRONGPASS|NOAUTH).* -> correct the user and the password/)
      assert.equal(found.level('redis_role'), undefined)
    }
    const right = await examine(`redis://:another-password@127.0.0.1:${locked.port}`)
    assert.equal(right.level('redis_password'), 'ok')
  })

  it('that is there and answers nothing is a problem, after three seconds', async () => {
    const silent = await another()
    silent.pause()
    const found = await examine(silent.url)
    silent.resume()
    assert.equal(found.level('redis_reachable'), 'problem')
  })

  it('that may evict keys is a problem', async () => {
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const found = await examine()
    await client.config('SET', 'maxmemory-policy', 'noeviction')
    assert.equal(found.code, 1)
    assert.match(
      found.says('redis_eviction'),
      /is allkeys-lru.* -> write "maxmemory-policy noeviction" into redis\.conf/,
    )
  })

  it('that is nearly full is a warning, then a problem, then takes no writes', async () => {
    await client.setrange('big', 20_000_000, 'x') // so that the buffers of a connection weigh little
    const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))![1])
    const levels: unknown[] = []
    for (const share of [0.5, 0.87, 0.97, 1.5]) {
      await client.config('SET', 'maxmemory', String(Math.round(used / share)))
      const found = await examine()
      levels.push([found.level('redis_memory'), found.level('redis_writable')])
      if (share > 1) assert.match(found.says('redis_writable'), /OOM .* -> raise maxmemory/)
    }
    await client.config('SET', 'maxmemory', '0')
    await client.del('big')
    assert.deepEqual(levels, [
      ['ok', 'ok'],
      ['warning', 'ok'],
      ['problem', 'ok'],
      ['problem', 'problem'],
    ])
  })

  it('with a replica: the primary is told of a setting, the replica is a problem', async () => {
    const replica = await another('--replicaof', '127.0.0.1', String(redis.port), '--repl-diskless-sync-delay', '0')
    await until('the replica', async () => /connected_slaves:1/.test(await client.info('replication')), 10_000)
    const primary = await examine()
    assert.equal(primary.level('redis_replicas'), 'ok')
    assert.match(primary.says('redis_replicas', 'ok'), /one replica; .* -> write "min-replicas-to-write 1"/)
    const found = await examine(replica.url)
    assert.match(
      found.says('redis_role'),
      new RegExp(`this is a replica \\(of 127.0.0.1:${redis.port}\\).* -> give the address of the primary`),
    )
    assert.equal(found.level('redis_writable'), undefined, 'said once')
    await client.config('SET', 'min-replicas-to-write', '1')
    assert.match((await examine()).says('redis_replicas', 'ok'), /min-replicas-to-write is set -> null/)
    await replica.stop()
    await until('the replica gone', async () => /connected_slaves:0/.test(await client.info('replication')), 10_000)
    assert.match((await examine()).says('redis_writable'), /NOREPLICAS.* -> bring its replicas back/)
    await client.config('SET', 'min-replicas-to-write', '0')
  })

  it('that writes to disk says what a restart costs', async () => {
    await client.config('SET', 'save', '3600 1')
    assert.match((await examine()).says('redis_persistence', 'ok'), /it writes snapshots.* -> null/)
    await client.config('SET', 'save', '')
    const kept = await another('--appendonly', 'yes')
    assert.match((await examine(kept.url)).says('redis_persistence', 'ok'), /it appends to a file.* -> null/)
  })

  it('of an account that may do little is looked at all the same', async () => {
    await client.call('ACL', 'SETUSER', 'app', 'on', `>${STORE_PASSWORD}`, '~sallyport:*', '+@all', '-config')
    const found = await examine(`redis://app:${STORE_PASSWORD}@127.0.0.1:${redis.port}`)
    assert.match(found.says('redis_persistence', 'ok'), /snapshots unknown/)
    assert.equal(found.level('redis_eviction'), 'ok')
    await client.call('ACL', 'SETUSER', 'app', 'resetkeys', '~other:*')
    const locked = await examine(`redis://app:${STORE_PASSWORD}@127.0.0.1:${redis.port}`)
    assert.match(locked.says('redis_writable'), /NOPERM.* -> give the user its keys/)
  })

  it('on the network without password and TLS is a problem and a warning; with both it is good', async () => {
    const open = await examine(redis.url.replace('127.0.0.1', '0.0.0.0'))
    assert.equal(open.level('redis_password'), 'problem')
    assert.match(open.says('redis_password'), /lets everybody on its network in.* -> write "requirepass/)
    assert.equal(open.level('redis_tls'), 'warning')
    assert.match(open.says('redis_tls'), /not encrypted.* -> .*rediss:/)
    const { key, cert } = selfSigned(folder.path)
    const port = await freePort()
    const tls = ['--tls-port', String(port), '--tls-cert-file', cert, '--tls-key-file', key, '--tls-auth-clients', 'no']
    await another('--requirepass', STORE_PASSWORD, ...tls)
    const url = `rediss://:${STORE_PASSWORD}@0.0.0.0:${port}`
    const closed = await examine(url, '', { NODE_EXTRA_CA_CERTS: cert })
    assert.deepEqual([closed.level('redis_password'), closed.level('redis_tls')], ['ok', 'ok'], closed.out)
    assert.match((await examine(url)).says('redis_reachable'), /self-signed certificate.* -> let Node know/)
  })

  it('far away is a warning, then a problem', async () => {
    for (const [delayMs, level] of [
      [40, 'warning'],
      [250, 'problem'],
    ] as const) {
      const proxy = await startProxy(redis.port, { delayMs })
      const found = await examine(proxy.url)
      await proxy.close()
      assert.equal(found.level('redis_latency'), level)
      assert.match(found.says('redis_latency'), /a round trip takes \d+ ms.* -> move Redis nearer/)
      assert.equal(found.level('redis_clock'), 'ok', 'the way is not taken for a skew')
    }
  })

  it('whose clock is another is a warning, then a problem', async () => {
    const away = (ms: number): string =>
      `options.clock = { now: () => Date.now() + ${ms}, monotonic: () => performance.now(), sleep: async () => {} }`
    const little = await examine(redis.url, away(-1_500))
    assert.equal(little.level('redis_clock'), 'warning')
    assert.match(little.says('redis_clock'), /the clock of Redis is 1[45]\d\d ms ahead of this machine's -> .*chrony/)
    assert.equal((await examine(redis.url, away(9_000))).level('redis_clock'), 'problem')
  })

  it('of an old version is a warning', async () => {
    const version = /redis_version:(\S+)/.exec(await client.info('server'))![1]!
    const old = await startRewriting(redis.port, version, '5.0.14'.padEnd(version.length, '0').slice(0, version.length))
    const found = await examine(old.url)
    await old.close()
    assert.equal(found.level('redis_version'), 'warning')
    assert.match(found.says('redis_version'), /version 5\.0\.1.* -> upgrade/)
  })

  describe('as a Cluster', () => {
    let a: RedisServer
    let b: RedisServer
    const node = async (): Promise<RedisServer> =>
      another('--cluster-enabled', 'yes', '--cluster-port', String(await freePort()))
    const say = async (server: RedisServer, ...args: (string | number)[]): Promise<unknown> => {
      const raw = new Redis(server.url)
      return raw.call('CLUSTER', ...args).finally(() => raw.disconnect())
    }
    before(async () => {
      ;[a, b] = [await node(), await node()]
      await say(a, 'ADDSLOTSRANGE', 0, 8191)
    })

    it('that serves no slots is a problem', async () => {
      const found = await examine(a.url)
      assert.match(found.says('redis_cluster'), /cluster_state is fail -> see: redis-cli --cluster check/)
      assert.match(found.says('redis_writable'), /CLUSTERDOWN.* -> bring the missing masters back/)
    })

    it('is asked at every master; what is not well is said of its node', async () => {
      await say(b, 'ADDSLOTSRANGE', 8192, 16383)
      const [, bus] = /@(\d+)/.exec(String(await say(b, 'NODES')))!
      await say(a, 'MEET', '127.0.0.1', b.port, bus!)
      const isWell = async (server: RedisServer) => /cluster_state:ok/.test(String(await say(server, 'INFO')))
      await until('the Cluster', async () => (await isWell(a)) && (await isWell(b)), 15_000)
      const policy = new Redis(b.url)
      await policy.config('SET', 'maxmemory-policy', 'volatile-ttl')
      policy.disconnect()
      for (const url of [a.url, `redis://127.0.0.1:1,127.0.0.1:${b.port}`]) {
        const found = await examine(url)
        assert.match(found.says('redis_reachable', 'ok'), /a Cluster of 2 masters/)
        assert.equal(found.level('redis_writable'), 'ok')
        assert.match(found.says('redis_cluster', 'ok'), /asked as one/)
        assert.match(found.says('redis_eviction'), new RegExp(`^127.0.0.1:${b.port}: maxmemory-policy is volatile-ttl`))
        assert.equal(found.findings.filter(({ id }) => id === 'redis_role').length, 1, 'what is the same is said once')
      }
    })

    it('asked by new Redis() is a problem', async () => {
      const own = `import { Redis } from '${IOREDIS}'\noptions.redis = new Redis('${a.url}')`
      const found = await examine(redis.url, own)
      assert.match(found.says('redis_cluster'), /new Redis\(\) asks it alone -> give the Cluster: redis: new Cluster/)
    })
  })

  it('behind a sentinel is found by the name of its primary', async () => {
    const sentinel = await startSentinel(folder.path, redis.port)
    const named = (name: string): string =>
      `import { Redis } from '${IOREDIS}'\noptions.redis = new Redis({ lazyConnect: true, name: '${name}', ` +
      `sentinels: [{ host: '127.0.0.1', port: ${sentinel.port} }] })`
    try {
      const found = await examine(redis.url, named('main'))
      assert.equal(found.level('redis_role'), 'ok', found.out)
      assert.equal(found.level('redis_tls'), undefined)
      assert.match(found.out, /"redis": "\\"main\\" of the sentinels"/)
      assert.equal((await examine(redis.url, named('other'))).level('redis_reachable'), 'problem')
    } finally {
      await sentinel.close()
    }
  })

  it("through a client of the host's is looked at by a connection of our own", async () => {
    const own = `import { Redis } from '${IOREDIS}'\noptions.redis = new Redis('${redis.url}')`
    const found = await examine(redis.url, own)
    assert.equal(found.level('redis_reachable'), 'ok')
    assert.equal(found.level('redis_role'), 'ok')
  })
})

/** A sentinel that watches over one Redis by the name of `main`. */
async function startSentinel(folder: string, master: number): Promise<{ port: number; close: () => Promise<void> }> {
  const port = await freePort()
  const file = join(folder, `sentinel-${port}.conf`)
  await writeFile(file, `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor main 127.0.0.1 ${master} 1\n`)
  const child = spawn('/usr/bin/redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  await answering(port)
  return {
    port,
    close: async () => {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** A Redis whose answers have one word replaced by another of the same length. */
async function startRewriting(
  port: number,
  from: string,
  to: string,
): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = createConnection({ port, host: '127.0.0.1' })
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}))
    client.pipe(upstream)
    upstream.on('data', (data: Buffer) => client.write(data.toString('latin1').replaceAll(from, to), 'latin1'))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}
