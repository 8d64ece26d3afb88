import assert from 'node:assert/strict'
import { chownSync, statSync } from 'node:fs'
import { startPostgres, type PostgresServer } from '../support/postgres.js'
import { freePort, tempFolder } from '../support/services.js'
import { selfSigned } from './certificate.js'
import { cli, configFile, doctor, STORE_PASSWORD, type Examined } from './run-cli.js'

describe('sallyport doctor, PostgreSQL', function () {
  this.timeout(60_000)
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let server: PostgresServer
  before(async () => {
    folder = await tempFolder()
    server = await startPostgres()
  })
  after(async () => {
    await server?.close()
    await folder?.remove()
  })

  const examine = async (database: string, more = ''): Promise<Examined> =>
    doctor(await configFile(folder.path, { database }, more))

  it('of the usual settings is good', async () => {
    const found = await examine(server.url)
    for (const id of [
      'sql_reachable',
      'postgresql_primary',
      'postgresql_synchronous_commit',
      'postgresql_fsync',
      'sql_clock',
    ] as const)
      assert.equal(found.level(id), 'ok', `${id} in ${found.out}`)
    assert.equal(found.level('sql_migrations'), 'warning', 'not migrated yet')
    assert.equal(found.level('postgresql_tls'), undefined, 'nobody listens on the loopback interface')
    assert.deepEqual(
      await server.run("select 1 from pg_tables where tablename like 'security%'"),
      [],
      'nothing was made',
    )
  })

  it('that cannot be reached is a problem that says why', async () => {
    const dead = await examine(`postgres://app:${STORE_PASSWORD}@127.0.0.1:${await freePort()}/app`)
    assert.match(dead.says('sql_reachable'), /ECONNREFUSED.* -> nothing listens there/)
    const wrong = `postgres://with_password:${STORE_PASSWORD}@127.0.0.1:${server.port}/postgres`
    const refused = await examine(wrong)
    assert.match(refused.says('sql_reachable'), /password authentication failed.* -> correct the user or the password/)
    assert.match(refused.out, /with_password@127\.0\.0\.1/)
    const missing = await examine(`postgres://postgres@127.0.0.1:${server.port}/nowhere`)
    assert.match(missing.says('sql_reachable'), /"nowhere" does not exist -> create the database/)
    const { code, err } = await cli(['migrate', '--check'], { env: { DATABASE_URL: wrong } })
    assert.equal(code, 1)
    assert.match(err, /failed: password authentication failed.*\n {2}-> correct the user/)
  })

  it('that answers commits before they are kept is a problem', async () => {
    await server.run('create database hasty')
    await server.run('alter database hasty set synchronous_commit = off')
    const found = await examine(server.url.replace(/postgres$/, 'hasty'))
    assert.equal(found.level('postgresql_synchronous_commit'), 'problem')
    assert.match(found.says('postgresql_synchronous_commit'), /-> write "synchronous_commit = on"/)
  })

  it('of read-only transactions is a problem', async () => {
    await server.run('create database frozen')
    await server.run('alter database frozen set default_transaction_read_only = on')
    const found = await examine(server.url.replace(/postgres$/, 'frozen'))
    assert.match(found.says('postgresql_primary'), /read-only here -> write: ALTER DATABASE/)
  })

  it('tells what its processes have written down', async () => {
    await server.run('create table security_state (name text primary key, changed_at bigint not null)')
    await server.run(`insert into security_state values ('trust_proxy_true', ${Date.UTC(2031, 4, 6)})`)
    const found = await examine(server.url)
    assert.match(found.says('processes_trust_proxy'), /'trust proxy' is true \(2031-05-06T00:00:00Z\)/)
    await server.run('drop table security_state')
  })

  it('whose clock is another is a warning, then a problem', async () => {
    const away = (ms: number): string =>
      `options.clock = { now: () => Date.now() + ${ms}, monotonic: () => performance.now(), sleep: async () => {} }`
    const late = await examine(server.url, away(2_000))
    assert.equal(late.level('sql_clock'), 'warning')
    assert.match(late.says('sql_clock'), /PostgreSQL is (1[89]|20)\d\d ms behind this machine's -> .*chrony/)
    const early = await examine(server.url, away(-60_000))
    assert.match(early.says('sql_clock'), /PostgreSQL is (59|60) s ahead of/)
    assert.equal(early.level('sql_clock'), 'problem')
  })

  it('over the network without TLS is a warning; with TLS it is not', async () => {
    const network = server.url.replace('127.0.0.1', '0.0.0.0')
    const plain = await examine(network)
    assert.equal(plain.level('postgresql_tls'), 'warning')
    assert.match(plain.says('postgresql_tls'), /0\.0\.0\.0 is not encrypted -> add \?sslmode=verify-full/)
    const { key, cert } = selfSigned(folder.path)
    const owner = statSync(`/proc/${await serverPid()}`).uid
    for (const file of [key, cert]) chownSync(file, owner, owner)
    await server.stop('SIGINT')
    chownSync(folder.path, owner, owner)
    await server.start('ssl=on', `ssl_cert_file=${cert}`, `ssl_key_file=${key}`)
    assert.equal((await examine(`${network}?sslmode=no-verify`)).level('postgresql_tls'), 'ok')
  })

  it('that does not sync to disk is a problem', async () => {
    await server.stop('SIGINT')
    await server.start('fsync=off')
    const found = await examine(server.url)
    assert.match(found.says('postgresql_fsync'), /^fsync is off.* -> write "fsync = on"/)
  })

  it('that is a replica is a problem', async () => {
    await server.stop('SIGINT')
    await server.becomeReplica(true)
    await server.start()
    const found = await examine(server.url)
    assert.equal(found.level('sql_reachable'), 'problem')
    assert.match(
      found.says('sql_reachable'),
      /this server is a replica.*; write the address that always leads to the primary/,
    )
  })

  async function serverPid(): Promise<number> {
    const [row] = await server.run('select pg_backend_pid() as pid')
    return Number(
      (await server.run(`select pid from pg_stat_activity where backend_type = 'checkpointer'`))[0]?.pid ?? row?.pid,
    )
  }
})
