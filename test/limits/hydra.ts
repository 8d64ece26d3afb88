import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tempFolder } from '../support/services.js'
import { Wire } from './wire.js'

const EXECUTABLE = '/usr/bin/hydra'

export interface Attack {
  port: number
  email: string
  words: readonly string[]
  /** The network that the proxy in front will say it comes from. */
  from: string
}

/** THC Hydra, from Debian's package, tries every word at the sign-in form. Returns the password that it found, or null. */
export async function hydra({ port, email, words, from }: Attack): Promise<string | null> {
  if (!existsSync(EXECUTABLE)) throw new Error('hydra is not installed; run: bash scripts/install-services.sh')
  const folder = await tempFolder()
  const wire = new Wire(port, 1)
  try {
    // a visitor's token is good for an hour, whoever sends it: so an attacker needs but one
    const { cookie, csrfToken } = await wire.visitor()
    const list = join(folder.path, 'words')
    await writeFile(list, `${words.join('\n')}\n`)
    const header = (name: string, value: string) => `H=${name}\\: ${value.replaceAll(':', '\\:')}`
    const target = [
      '/security/sign-in',
      `email=^USER^&password=^PASS^&csrfToken=${csrfToken}`,
      header('Cookie', cookie),
      header('X-Forwarded-For', from),
      header('Accept', 'application/json'),
      'S="ok"\\:true', // only a sign-in that was done says so
    ]
    const options = ['-I', '-t', '16', '-l', email, '-P', list, '-s', String(port)]
    const output = await run([...options, '127.0.0.1', 'http-post-form', target.join(':')])
    return /password: (.+)$/m.exec(output)?.[1] ?? null
  } finally {
    wire.close()
    await folder.remove()
  }
}

/** It gives up when it cannot connect at once, as on a machine that is busy: then it is started once more. */
async function run(args: readonly string[], again = true): Promise<string> {
  const child = spawn(EXECUTABLE, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()))
  const code = await new Promise((done) => child.once('close', done))
  if (again && output.includes('could not be connected')) return run(args, false)
  if (code !== 0 || !output.includes('1 of 1 target')) throw new Error(`hydra ended with ${String(code)}: ${output}`)
  return output
}
