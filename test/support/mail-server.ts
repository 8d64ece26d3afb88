import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'

/** What the server does with the next mails. */
type Mood = 'takes' | 'refuses' | 'hangs'

export interface MailServer {
  url: string
  port: number
  /** What has arrived, the oldest first: as a mail app reads it. */
  readonly mails: Email[]
  /** The same, as it came over the wire; and to whom, as the envelope said. */
  readonly raw: string[]
  readonly recipients: string[][]
  /** How often a mail was begun. */
  readonly attempts: number
  /** How many clients are connected. */
  readonly connections: number
  behaves(mood: Mood): void
  close(): Promise<void>
}

/** A real mail server on this machine. */
export async function startMailServer(port = 0): Promise<MailServer> {
  const mails: Email[] = []
  const raw: string[] = []
  const recipients: string[][] = []
  let mood: Mood = 'takes'
  let attempts = 0
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    closeTimeout: 10,
    onMailFrom: (_address, _session, done) => {
      attempts += 1
      if (mood === 'hangs') return
      done(mood === 'refuses' ? new Error('mailbox full') : null)
    },
    onData: (stream, { envelope }, done) => {
      const take = async () => {
        const text = await buffer(stream)
        const mail = await PostalMime.parse(text)
        raw.push(text.toString())
        recipients.push(envelope.rcptTo.map(({ address }) => address))
        mails.push(mail)
      }
      take().then(() => done(), done)
    },
  })
  server.on('error', () => {}) // a connection that a client has broken off
  const listener = server.listen(port, '127.0.0.1')
  await once(listener, 'listening')
  const { port: own } = listener.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${own}`,
    port: own,
    mails,
    raw,
    recipients,
    get attempts() {
      return attempts
    },
    get connections() {
      return server.connections.size
    },
    behaves: (next) => void (mood = next),
    close: () => new Promise((done) => server.close(() => done())),
  }
}
