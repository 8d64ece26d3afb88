import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../demo/main.js', import.meta.url))

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export interface DemoProcess {
  pid: number
  output(): string
  /** By pid; SIGKILL by default. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** The demo in a process of its own, once it says that it is ready. */
export async function startDemo(environment: Record<string, string>): Promise<DemoProcess> {
  const env = { ...process.env, ...environment }
  const child = spawn(process.execPath, [PROGRAM], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let output = ''
  const gone = new Promise<void>((done) => child.once('exit', () => done()))
  const ready = await new Promise<boolean>((done) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => {
        output += text.toString()
        if (output.includes('Sallyport demo ready: ')) done(true)
      })
    void gone.then(() => done(false))
  })
  if (!ready) throw new Error(`the demo has ended: ${output}`)
  return {
    pid: child.pid!,
    output: () => output,
    stop: async (signal = 'SIGKILL') => {
      child.kill(signal)
      await gone
      running.delete(child)
    },
  }
}
