import { inTime } from '../../core/in-time.js'
import type { Mail } from '../../core/mail.js'

/** How mails leave: by a mail server, or by a function of the host's. */
export interface Transport {
  /** Resolves when the mail was taken; fails when that is not so after `deadlineMs`. */
  send(mail: Mail, deadlineMs: number): Promise<void>
  /** Breaks off what is under way. */
  close(): void
}

export type SendMail = (mail: Mail) => Promise<void> | void

const late = () => new Error('the mail was not taken in time')

export async function openTransport(mail: string | SendMail): Promise<Transport> {
  return typeof mail === 'string' ? smtp(mail) : atHost(mail)
}

const atHost = (send: SendMail): Transport => ({
  send: (mail, deadlineMs) => inTime(Promise.resolve(mail).then(send), deadlineMs, late),
  close: () => {},
})

/** A connection for each mail: they are few, and one that hangs holds up no other. */
async function smtp(url: string): Promise<Transport> {
  const { createTransport } = await import('nodemailer')
  const server = createTransport({ url, disableFileAccess: true, disableUrlAccess: true })
  const end = new AbortController()
  return {
    send: async (mail, deadlineMs) => {
      const one = new AbortController()
      const signal = AbortSignal.any([end.signal, one.signal])
      try {
        await inTime(server.sendMail({ ...mail, signal }), deadlineMs, late)
      } catch (error) {
        one.abort()
        throw error
      }
    },
    close: () => end.abort(),
  }
}
