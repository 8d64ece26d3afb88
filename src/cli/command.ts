import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { Terminal } from './terminal.js'

type Options = NonNullable<ParseArgsConfig['options']>
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values']

/** 0: all is well. 1: findings, something pending, or a failure. 2: the command was used wrongly. */
export type ExitCode = 0 | 1 | 2

export interface Command {
  /** The words after `sallyport`, e.g. `migrate`. */
  name: string
  /** One line of `sallyport --help`. */
  summary: string
  /** What `--help` prints. */
  help: string
  run(args: string[], terminal: Terminal): Promise<ExitCode>
}

/** The command line is wrong; the message says what to write. */
export class UsageError extends Error {}

/** Makes a command of its options (as `parseArgs` of Node takes them) and of what it does. Throws UsageError from `run`. */
export function command<const O extends Options>(spec: {
  name: string
  summary: string
  help: string
  options: O
  /** What has to stand beside the options, in words; without it nothing may. */
  argument?: string
  run: (values: Values<O>, terminal: Terminal, argument: string) => Promise<ExitCode>
}): Command {
  const { name, summary, help, options } = spec
  return {
    name,
    summary,
    help,
    run: (args, terminal) => {
      if (args.includes('--help') || args.includes('-h')) {
        terminal.print(help)
        return Promise.resolve(0)
      }
      const { values, positionals } = parsed(args, { options, allowPositionals: spec.argument !== undefined }, name)
      if (spec.argument !== undefined && (positionals.length !== 1 || !positionals[0]))
        throw new UsageError(`write ${spec.argument}, one\nSee: sallyport ${name} --help`)
      return spec.run(values, terminal, positionals[0] ?? '')
    },
  }
}

function parsed<const O extends Options>(
  args: string[],
  config: { options: O; allowPositionals: boolean },
  name: string,
): { values: Values<O>; positionals: string[] } {
  try {
    return parseArgs({ args, ...config, strict: true })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(`${error.message.split('. ')[0]}\nSee: sallyport ${name} --help`, { cause: error })
  }
}
