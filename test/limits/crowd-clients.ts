import { setPriority } from 'node:os'
import { PASSWORD } from './people.js'
import { Wire } from './wire.js'

/** How one sign-in of the crowd went. */
export interface Fate {
  status: number
  ms: number
  retryAfter: string | undefined
}

/** Many browsers at once, in a process of their own: `[port, how many]` as JSON. Each time it is told to, others sign in. */
setPriority(10) // elsewhere they would not take the host's processor
const [port, size] = JSON.parse(process.argv[2]!) as [number, number]
const wire = new Wire(port, size)
const { cookie, csrfToken } = await wire.visitor()
// each from a network of its own, over a connection that is open already
await Promise.all(Array.from({ length: size }, () => wire.send('/unrelated')))
process.send?.('ready')

let guests = 0
process.on('message', () => {
  const signIns = Array.from({ length: size }, async (): Promise<Fate> => {
    const i = (guests += 1)
    const headers = { accept: 'text/html', cookie, 'x-forwarded-for': `198.18.${i >> 8}.${i & 255}` }
    const form = { csrfToken, email: `guest${i}@limits.test`, password: PASSWORD }
    const { status, ms, headers: told } = await wire.send('/security/sign-in', headers, form)
    return { status, ms, retryAfter: told['retry-after'] as string | undefined }
  })
  Promise.all(signIns).then(
    (fates) => process.send?.(fates),
    (error: unknown) => process.send?.({ failed: String(error) }),
  )
})
process.once('disconnect', () => process.exit())
