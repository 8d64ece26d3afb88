import { readFile } from 'node:fs/promises'
import { UsageError, type ExitCode } from './command.js'
import { COMMANDS } from './commands.js'
import type { Terminal } from './terminal.js'

const width = Math.max(...COMMANDS.map(({ name }) => name.length))

const HELP = `Usage: sallyport <command> [options]

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

Options:
  -h, --help     help; also of a command: sallyport ${COMMANDS[0]!.name} --help
  --version      the version of this package

The configuration comes from --config ./security.config.js, else from the environment: DATABASE_URL,
SALLYPORT_TABLE_PREFIX, for keys also SALLYPORT_SECRET, and for doctor ORIGIN, REDIS_URL and SMTP_URL beside it.
Exit codes: 0 all is well; 1 findings, something pending, or a failure; 2 wrong usage.`

/** Runs the command that `args` name. Never throws: what goes wrong is told on the error output. */
export async function run(args: string[], terminal: Terminal): Promise<ExitCode> {
  try {
    return await dispatch(args, terminal)
  } catch (error) {
    terminal.complain(error instanceof Error ? error.message : String(error))
    return error instanceof UsageError ? 2 : 1
  }
}

async function dispatch(args: string[], terminal: Terminal): Promise<ExitCode> {
  const [first] = args
  if (first === '--version') return say(await version(), terminal)
  if (first === '--help' || first === '-h' || first === 'help') return say(HELP, terminal)
  const found = COMMANDS.find(({ name }) => name.split(' ').every((word, i) => args[i] === word))
  if (found) return found.run(args.slice(found.name.split(' ').length), terminal)
  throw new UsageError(first === undefined ? HELP : `there is no command "${first}"; see: sallyport --help`)
}

function say(text: string, terminal: Terminal): ExitCode {
  terminal.print(text)
  return 0
}

async function version(): Promise<string> {
  const text = await readFile(new URL(import.meta.resolve('sallyport/package.json')), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
