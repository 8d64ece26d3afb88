import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { appendFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort, inMemory } from './services.js'

/** A real PostgreSQL on a free port, from Debian's package. It confirms nothing that is not on its disk. */
export interface PostgresServer {
  /** Of the database `postgres`, as the superuser. */
  url: string
  port: number
  /** Its own; also where its socket is. */
  folder: string
  /** Ends the server, as a crash does by default, and starts it anew on the same port and folder. */
  stop(signal?: NodeJS.Signals): Promise<void>
  start(...settings: string[]): Promise<void>
  /** SIGSTOP and SIGCONT to all its processes: the server is there, and answers nothing. */
  pause(): void
  resume(): void
  /** Makes it a replica of nobody at its next start, or a primary again. */
  becomeReplica(yes: boolean): Promise<void>
  /** Makes an empty database. */
  freshDatabase(): Promise<FreshDatabase>
  /** Runs one statement, as the superuser. */
  run(statement: string, database?: string): Promise<Record<string, unknown>[]>
  /** Stops it and removes its folder. */
  close(): Promise<void>
}

export interface FreshDatabase {
  url: string
  name: string
  drop: () => Promise<void>
}

/** Small and quick to begin with; all that is about safety stays as PostgreSQL has it. */
const SETTINGS = [
  'shared_buffers=16MB',
  'max_connections=200',
  'listen_addresses=127.0.0.1',
  'max_wal_size=256MB',
  'dynamic_shared_memory_type=mmap', // in its folder, so that nothing is left when that is removed
]
export const PASSWORD = 'pebble'

const running = new Set<{ end: () => void; folder: string }>()
// it ends by itself then, children first; there is no time left to wait for it
process.on('exit', () => {
  for (const { end, folder } of running) {
    end()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
})

/** PostgreSQL refuses to run as root, and Debian keeps its programs out of PATH. */
function programs(): { bin: string; user: SpawnOptions } {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : []
  const places = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  const bin = places.find((place) => existsSync(join(place, 'initdb')))
  if (!bin) throw new Error('PostgreSQL is not installed; run: bash scripts/install-services.sh')
  if (process.getuid?.() !== 0) return { bin, user: {} }
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))!
  return { bin, user: { uid: Number(uid), gid: Number(gid) } }
}

function newFolder(user: SpawnOptions): string {
  const folder = mkdtempSync(join(inMemory(), 'sallyport-pg-'))
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid!)
  return folder
}

export async function startPostgres(): Promise<PostgresServer> {
  const { bin, user } = programs()
  const folder = newFolder(user)
  const data = join(folder, 'data')
  const port = await freePort()
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '--wal-segsize=1'],
    { ...user, cwd: folder, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  // everybody is trusted but those who are to show a password
  const rules = join(data, 'pg_hba.conf')
  await writeFile(rules, `host all with_password 127.0.0.1/32 scram-sha-256\n${readFileSync(rules, 'utf8')}`)
  await appendFile(join(data, 'postgresql.conf'), SETTINGS.map((line) => `${line.replace('=', " = '")}'\n`).join(''))

  let child: ChildProcess | undefined
  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null
  /** One that ends meanwhile, as a worker of autovacuum does, needs no signal any more. */
  const signal = (pid: number, name: NodeJS.Signals) => {
    try {
      process.kill(pid, name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  const end = () => {
    if (!isRunning()) return
    server.resume()
    child!.kill('SIGQUIT')
  }
  const entry = { folder, end }
  running.add(entry)

  const server: PostgresServer = {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    folder,
    start: async (...settings) => {
      const given = [`port=${port}`, `unix_socket_directories=${folder}`, ...settings]
      child = spawn(join(bin, 'postgres'), ['-D', data, ...given.flatMap((each) => ['-c', each])], {
        ...user,
        cwd: folder,
        stdio: 'ignore',
      })
      await until(() => server.run('select 1'), isRunning)
    },
    stop: async (name = 'SIGQUIT') => {
      if (!isRunning()) return
      const gone = new Promise((done) => child!.once('exit', done))
      child!.kill(name)
      await gone
    },
    // the parent first: what is stopped starts no more children
    pause: () => {
      signal(child!.pid!, 'SIGSTOP')
      for (const pid of childrenOf(child!.pid!)) signal(pid, 'SIGSTOP')
    },
    resume: () => {
      for (const pid of childrenOf(child!.pid!)) signal(pid, 'SIGCONT')
      signal(child!.pid!, 'SIGCONT')
    },
    becomeReplica: async (yes) => {
      const mark = join(data, 'standby.signal')
      await (yes ? writeFile(mark, '') : rm(mark, { force: true }))
    },
    freshDatabase: async () => {
      const name = `test_${(databases += 1)}`
      await server.run(`create database ${name}`)
      return {
        name,
        url: `postgres://postgres@127.0.0.1:${port}/${name}`,
        drop: async () => void (await server.run(`drop database if exists ${name} with (force)`)),
      }
    },
    run: async (statement, database = 'postgres') => {
      const client = new Client(`postgres://postgres@127.0.0.1:${port}/${database}`)
      client.on('error', () => {})
      await client.connect()
      try {
        return (await client.query<Record<string, unknown>>(statement)).rows
      } finally {
        await client.end()
      }
    },
    close: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
      running.delete(entry)
    },
  }
  await server.start()
  await server.run(`create role with_password login password '${PASSWORD}'`)
  return server
}

let databases = 0
let shared: Promise<PostgresServer> | undefined

/** The server that all tests of this process share, each with a database of its own. It ends with the process. */
export const sharedPostgres = (): Promise<PostgresServer> => (shared ??= startPostgres())

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

async function until(works: () => Promise<unknown>, isRunning: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const ok = await works().then(
      () => true,
      () => false,
    )
    if (ok) return
    if (!isRunning()) throw new Error('PostgreSQL has ended as it started')
    await wait(20)
  }
  throw new Error('PostgreSQL does not answer')
}
