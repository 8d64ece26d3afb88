import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Browser } from './browser.js'
import { SECRET } from './host.js'
import { projectWith } from './packed.js'
import { freePort } from './services.js'

const run = promisify(execFile)

/** An app of test/apps, in a project of its own. */
export interface App {
  folder: string
  /** Applies the diff that docs/adopt.md shows. */
  adopt(): Promise<void>
  start(): Promise<RunningApp>
}

export interface RunningApp {
  url: string
  browser(): Browser
  output(): string
  stop(): Promise<void>
}

export interface AppOptions {
  /** Name of its folder in test/apps. */
  name: string
  entry: string
  /** What it depends on, as `projectWith` takes it. */
  packages: Record<string, string>
  /** TypeScript: compiled in strict mode first. */
  compiled?: boolean
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Puts an app into a project where our tarball is installed; it uses it once `adopt` was called. */
export async function appWith({ name, entry, packages, compiled = false }: AppOptions): Promise<App> {
  const folder = await projectWith(packages)
  const port = await freePort()
  await cp(join('test/apps', name), folder, { recursive: true })
  return {
    folder,
    adopt: async () => void (await run('patch', ['-p1', '-i', 'adopt.diff'], { cwd: folder })),
    start: async () => {
      if (compiled) await compile(folder)
      return started(folder, entry, port)
    },
  }
}

async function compile(folder: string): Promise<void> {
  const compilerOptions = { strict: true, module: 'nodenext', target: 'es2022', types: ['node'], skipLibCheck: false }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }))
  const manifest = JSON.stringify({ type: 'module' })
  await writeFile(join(folder, 'package.json'), manifest)
  await run(process.execPath, [join(process.cwd(), 'node_modules/typescript/bin/tsc'), '-p', folder])
}

async function started(folder: string, entry: string, port: number): Promise<RunningApp> {
  const url = `http://localhost:${port}`
  const env = {
    ...process.env,
    PORT: String(port),
    ORIGIN: url,
    SESSION_SECRET: 'of the app itself',
    SALLYPORT_SECRET: SECRET,
    DATABASE_URL: `sqlite:${join(folder, 'security.db')}`,
    APP_DATABASE: join(folder, 'app.db'),
  }
  const child = spawn(process.execPath, [entry], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let output = ''
  const gone = new Promise<void>((done) => child.once('exit', () => done()))
  const ready = new Promise<boolean>((done) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => {
        output += text.toString()
        if (output.includes('ready')) done(true)
      })
    void gone.then(() => done(false))
  })
  if (!(await ready)) throw new Error(`${entry} has ended: ${output}`)
  return {
    url,
    browser: () => new Browser(url),
    output: () => output,
    stop: async () => {
      child.kill('SIGKILL')
      await gone
      running.delete(child)
    },
  }
}
