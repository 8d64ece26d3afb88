import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const run = promisify(execFile)

/** What the lock file knows of a package. */
interface Locked {
  version: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  name?: string
  dev?: boolean
  devOptional?: boolean
  peer?: boolean
}
type Lock = Record<string, Locked>

const folders: string[] = []
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-packed-'))
  folders.push(folder)
  return folder
}

let tarball: Promise<string> | undefined

/** Packs the package as it would be published, once per process. The path of the tarball. */
export function packed(): Promise<string> {
  tarball ??= pack()
  return tarball
}

async function pack(): Promise<string> {
  const folder = ownFolder()
  await run('npm', ['pack', '--pack-destination', folder], { cwd: ROOT })
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz'))!,
  )
}

/**
 * A new project, and nothing in it but the tarball, installed with `--ignore-scripts`, and `packages` of ours in the
 * versions of our lock file, so that the registry's newest changes no test. `{ express: 'express4' }` gives a package
 * of ours under another name. The path of its folder, which goes when the process ends.
 */
export async function projectWith(packages: Record<string, string>): Promise<string> {
  const folder = ownFolder()
  await copyFile(await packed(), join(folder, 'sallyport.tgz'))
  const { version, dependencies, peerDependencies } = (await ours('package.json')) as Locked
  const lock = renamed(((await ours('package-lock.json')) as { packages: Lock }).packages, packages)
  const wanted: Lock = {}
  for (const name of [...Object.keys(packages), ...Object.keys(dependencies!)])
    take(lock, `node_modules/${name}`, wanted)

  const versions = Object.keys(packages).map((name) => [name, lock[`node_modules/${name}`]!.version])
  const root = {
    name: 'host',
    version: '1.0.0',
    dependencies: { sallyport: 'file:sallyport.tgz', ...(Object.fromEntries(versions) as Record<string, string>) },
  }
  const sallyport = { version, resolved: 'file:sallyport.tgz', dependencies, peerDependencies }
  const all = { '': root, 'node_modules/sallyport': sallyport, ...wanted }
  await writeFile(join(folder, 'package.json'), JSON.stringify(root))
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages: all }))
  await run('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder })
  return folder
}

const ours = async (file: string): Promise<unknown> => JSON.parse(await readFile(join(ROOT, file), 'utf8'))

/** The lock with packages, and what is nested in them, in the places of others. */
function renamed(lock: Lock, packages: Record<string, string>): Lock {
  let entries = Object.entries(lock)
  for (const [name, source] of Object.entries(packages)) {
    const [from, to] = [`node_modules/${source}`, `node_modules/${name}`]
    if (from === to) continue
    const isIn = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`)
    entries = entries
      .filter(([path]) => !isIn(path, to))
      .map(([path, entry]) => [isIn(path, from) ? to + path.slice(from.length) : path, entry])
  }
  return Object.fromEntries(entries)
}

/** Copies a package and all that it needs. */
function take(lock: Lock, path: string, wanted: Lock): void {
  if (wanted[path]) return
  const { dev: _, devOptional: __, peer: ___, name: ____, ...entry } = lock[path]!
  wanted[path] = entry
  for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies })) {
    const found = lookUp(lock, path, name)
    if (found) take(lock, found, wanted)
  }
}

/** Where a package finds another one: in its own folder, or in one above. */
function lookUp(lock: Lock, from: string, name: string): string | undefined {
  const inner = `${from}/node_modules/${name}`
  if (lock[inner]) return inner
  const above = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')))
  if (above) return lookUp(lock, above, name)
  return lock[`node_modules/${name}`] && `node_modules/${name}`
}
