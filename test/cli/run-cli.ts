import assert from 'node:assert/strict'
import { execFile, type ExecFileOptions } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Finding, FindingId, Level } from '../../src/cli/doctor/finding.js'
import { run } from '../../src/cli/run.js'
import { Terminal } from '../../src/cli/terminal.js'
import { knownMigrations } from '../../src/stores/sql/migrations.js'

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

/** What `migrate` prints where there is nothing yet, and what `migrate --check` does. */
export const APPLIED = knownMigrations()
  .map((name) => `applied ${name}\n`)
  .join('')
export const PENDING = knownMigrations()
  .map((name) => `pending ${name}\n`)
  .join('')

/** Random, as a generator writes them; and a password of a store. No output of any run may have them in it. */
export const GOOD_SECRET = 'kT9vLq2Xw7RzB4nYc8HdJ0sMfG5aPe3U'
export const OLD_SECRET = 'Zp4Wb8KxN1tQy6VgE3mRj7CuS0hLd2Fa'
export const STORE_PASSWORD = 'hunter2-of-the-store'
const SECRETS = [GOOD_SECRET, OLD_SECRET, STORE_PASSWORD]

export interface Ran {
  code: number
  out: string
  err: string
}

export interface RunOptions {
  /** The environment; beside it there is only what Node needs. */
  env?: NodeJS.ProcessEnv
  cwd?: string
  uid?: number
}

const environment = (env: NodeJS.ProcessEnv = {}) => ({ PATH: process.env.PATH, HOME: '/nonexistent', ...env })

/** Runs the real command line in a process of its own. Whatever it prints, no secret of these tests is in it. */
export async function cli(args: string[], { env, ...where }: RunOptions = {}): Promise<Ran> {
  const options: ExecFileOptions = { ...where, env: environment(env) }
  const ran = await new Promise<Ran>((done) => {
    const child = execFile(process.execPath, [MAIN, ...args], options, (_error, out, err) =>
      done({ code: child.exitCode ?? -1, out: String(out), err: String(err) }),
    )
  })
  return withoutSecrets(ran)
}

function withoutSecrets(ran: Ran): Ran {
  for (const secret of SECRETS)
    assert.ok(!(ran.out + ran.err).includes(secret), `a secret was printed: ${ran.out}${ran.err}`)
  return ran
}

let before: Promise<unknown> = Promise.resolve()

/** The same in this process, because starting hundreds takes minutes. One after the other: the environment is everybody's. */
async function cliHere(args: string[], env?: NodeJS.ProcessEnv): Promise<Ran> {
  const turn = before.then(async () => {
    const [out, err] = [new PassThrough(), new PassThrough()]
    const ours = process.env
    process.env = environment(env)
    try {
      const code = await run(args, new Terminal(out, err))
      out.end()
      err.end()
      return withoutSecrets({ code, out: await text(out), err: await text(err) })
    } finally {
      process.env = ours
    }
  })
  before = turn.catch(() => {})
  return turn
}

/** Options that every check likes, but for what a test says. The origin answers nothing. */
export const GOOD = { origin: 'https://localhost:1', secret: GOOD_SECRET, database: 'sqlite::memory:' }

/** Writes a configuration file: options as JSON, `users`, and more lines of the test's own. Returns its path. */
export async function configFile(folder: string, options: object, more = ''): Promise<string> {
  const path = join(folder, `security-${(files += 1)}.config.mjs`)
  const users = 'users: { findById: () => null, findByEmail: () => null }'
  const text = `const options = { ${users}, ...${JSON.stringify({ ...GOOD, ...options })} }\n${more}\nexport default options\n`
  await writeFile(path, text)
  return path
}
let files = 0

export interface Examined extends Ran {
  findings: (Finding & { section: string })[]
  notChecked: { section: string; why: string }[]
  /** The level of a finding; undefined when it is not there. */
  level(id: FindingId): Level | undefined
  /** What was seen, and what to change. The finding has to be there, as a warning or problem if no level is asked for. */
  says(id: FindingId, level?: Level): string
}

export interface DoctorOptions extends RunOptions {
  /** In a process of its own: for what a file does to the process. */
  alone?: boolean
}

/** Runs `doctor --json` with a configuration file; the report has to be all that is on the output. */
export async function doctor(
  config: string,
  more: string[] = [],
  { env: set, alone = false, ...where }: DoctorOptions = {},
): Promise<Examined> {
  const args = ['doctor', '--json', '--config', config, ...more]
  const env = { NODE_ENV: 'test', ...set }
  const isForNode = Object.keys(set ?? {}).some((name) => /^NODE_(?!ENV)/.test(name)) // read when a process starts
  const isHere = !alone && !isForNode && Object.keys(where).length === 0
  const ran = await (isHere ? cliHere(args, env) : cli(args, { ...where, env }))
  const report = JSON.parse(ran.out) as Pick<Examined, 'findings' | 'notChecked'>
  const find = (id: FindingId): Finding | undefined => report.findings.find((each) => each.id === id)
  for (const { level, change, id } of report.findings) assert.ok(level === 'ok' || change, `${id} says what to change`)
  return {
    ...ran,
    ...report,
    level: (id) => find(id)?.level,
    says: (id, level) => {
      const finding = find(id)
      assert.ok(finding, `${id} was not found in ${ran.out}`)
      assert.ok(level ? finding.level === level : finding.level !== 'ok', `${id} is ${finding.level}`)
      return `${finding.seen} -> ${finding.change}`
    },
  }
}
