import { Console } from 'node:console'
import type { SecurityOptions } from '../options.js'
import { UsageError } from './command.js'
import { readConfigurationFile } from './configuration-file.js'
import { secretsOfEnvironment, secretsOfOptions } from './redact.js'
import type { Terminal } from './terminal.js'

/** Options as a host has written them: nobody has checked them yet. */
export type GivenOptions = Partial<SecurityOptions> & { tablePrefix?: string; autoMigrate?: boolean }

export interface Source {
  options: GivenOptions
  /** Where they come from, in words. */
  from: string
  kind: 'file' | 'environment'
}

/** Which variable of the environment gives which option. */
export const VARIABLES = {
  origin: 'ORIGIN',
  secret: 'SALLYPORT_SECRET',
  database: 'DATABASE_URL',
  redis: 'REDIS_URL',
  mail: 'SMTP_URL',
  tablePrefix: 'SALLYPORT_TABLE_PREFIX',
} as const

/**
 * The options of `--config`, else those of the environment. Whatever is secret in them is hidden from then on.
 * Throws UsageError when there are none, ConfigurationFailed when the file fails.
 */
export async function readSource(
  path: string | undefined,
  environment: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<Source> {
  terminal.hide(secretsOfEnvironment(environment))
  const source = path === undefined ? fromEnvironment(environment) : await fromFile(path)
  terminal.hide(secretsOfOptions(source.options))
  return source
}

async function fromFile(path: string): Promise<Source> {
  // what the file logs must not stand in the middle of our JSON
  globalThis.console = new Console(process.stderr)
  const { options, name } = await readConfigurationFile(path)
  return { options, from: `${path} (export "${name}")`, kind: 'file' }
}

function fromEnvironment(environment: NodeJS.ProcessEnv): Source {
  const set = Object.entries(VARIABLES).filter(([, variable]) => environment[variable])
  if (set.length === 0)
    throw new UsageError(
      'no configuration; write --config ./security.config.js (a module that exports the options of createSecurity), ' +
        'or set DATABASE_URL in the environment',
    )
  const options = Object.fromEntries(set.map(([option, variable]) => [option, environment[variable]])) as GivenOptions
  return { options, from: `the environment (${set.map(([, variable]) => variable).join(', ')})`, kind: 'environment' }
}
