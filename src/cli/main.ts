#!/usr/bin/env node
import { run } from './run.js'
import { Terminal } from './terminal.js'

const terminal = new Terminal(process.stdout, process.stderr)

// what a configuration file has left running must neither print its secrets nor change the verdict
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error) => {
    terminal.complain(`something outside Sallyport failed: ${error instanceof Error ? error.message : String(error)}`)
  })

const code = await run(process.argv.slice(2), terminal)
// outright: a client that the configuration file has opened would keep the process alive
await terminal.flushed()
process.exit(code)
