import { spawn } from 'node:child_process'
import { startFleet } from './fleet.js'

// node dist/test/processes/with-fleet.js <command ...>: runs a command against two processes behind nginx; the address
// is added as its last argument.
const fleet = await startFleet(2)
const [command, ...args] = process.argv.slice(2)
const child = spawn(command!, [...args, fleet.url], { stdio: 'inherit' })
const code = await new Promise<number>((done) => child.once('exit', (status) => done(status ?? 1)))
await fleet.close()
process.exit(code)
