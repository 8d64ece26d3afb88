import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from './command.js'

/** The file was found, but running it failed; the message says how. */
export class ConfigurationFailed extends Error {}

/** What such a file may export its options as. */
const NAMES = ['default', 'security', 'options'] as const
const LIMIT_MS = 10_000
const KNOWN = ['origin', 'secret', 'database']

/** Runs a configuration file and returns the options that it exports, and under which name. */
export async function readConfigurationFile(path: string): Promise<{ options: object; name: string }> {
  const file = resolve(path)
  if (!existsSync(file) || !statSync(file).isFile())
    throw new UsageError(
      `there is no file ${path}; write --config with the path of the module that exports your options`,
    )
  const exported = (await running(path, () => import(pathToFileURL(file).href))) as Record<string, unknown>
  const [name, value] = chosen(exported) ?? []
  if (!name)
    throw new UsageError(
      `${path} exports no options; write "export default { origin, secret, database, ... }", or a function that returns them`,
    )
  const options = typeof value === 'function' ? await running(path, () => (value as () => unknown)()) : value
  if (typeof options !== 'object' || options === null)
    throw new UsageError(
      `${path}: "${name}" gives no options object, but ${options === null ? 'null' : typeof options}`,
    )
  if ('router' in options && 'requireSession' in options)
    throw new UsageError(
      `${path}: "${name}" is what createSecurity returns; export the options that you give to it, from a file of their own`,
    )
  return { options, name }
}

/** The first export that looks like options, else the first that could be some. CommonJS puts all into `default`. */
function chosen(exported: Record<string, unknown>): [string, unknown] | undefined {
  const inside = typeof exported.default === 'object' && exported.default !== null ? exported.default : {}
  const all = [exported, inside as Record<string, unknown>].flatMap((from) =>
    NAMES.map((name): [string, unknown] => [name, from[name]]),
  )
  const possible = all.filter(
    ([, value]) => typeof value === 'function' || (typeof value === 'object' && value !== null),
  )
  return (
    possible.find(([, value]) => typeof value === 'function' || KNOWN.some((key) => key in (value as object))) ??
    possible[0]
  )
}

/** Also keeps the process alive meanwhile: Node ends one that waits for nothing but a promise. */
async function inTime(work: () => unknown): Promise<unknown> {
  let limit: NodeJS.Timeout | undefined
  const late = new Promise<never>((_done, fail) => {
    limit = setTimeout(() => fail(new Error(`it was not done after ${LIMIT_MS / 1000} seconds`)), LIMIT_MS)
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(limit)
  }
}

async function running(path: string, work: () => unknown): Promise<unknown> {
  try {
    return await inTime(work)
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    if (error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION')
      throw new UsageError(
        `Node ${process.versions.node} cannot run ${path} (${message}); give the compiled .js file, use Node 22.18 or ` +
          `newer, or write: NODE_OPTIONS="--import tsx" npx sallyport ...`,
        { cause: error },
      )
    throw new ConfigurationFailed(`${path} failed while it was run: ${message}`, { cause: error })
  }
}
