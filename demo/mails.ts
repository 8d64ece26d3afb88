import { createTransport } from 'nodemailer'
import type { Mail } from 'sallyport'

const KEPT = 500

/** The demo's mail: kept for /demo/outbox in this process's memory, and sent on where there is a mail server. */
export class DemoMails {
  readonly #mails: Mail[] = []
  readonly #server: ReturnType<typeof createTransport> | null

  constructor(smtpUrl: string | undefined) {
    this.#server = smtpUrl ? createTransport(smtpUrl) : null
  }

  async send(mail: Mail): Promise<void> {
    // a mail that is sent once more, since the server was away, is the same mail
    if (!this.#mails.some(({ messageId }) => messageId === mail.messageId)) this.#mails.unshift(mail)
    this.#mails.length = Math.min(this.#mails.length, KEPT)
    await this.#server?.sendMail(mail)
  }

  newestFirst(): Pick<Mail, 'to' | 'subject' | 'text' | 'html'>[] {
    return this.#mails.map(({ to, subject, text, html }) => ({ to, subject, text, html }))
  }
}
