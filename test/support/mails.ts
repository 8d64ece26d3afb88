import type { Mail } from 'sallyport'
import { Envelopes } from '../../src/core/envelope.js'
import type { MailOrder } from '../../src/features/notices/outbox.js'
import { envelopeKeys } from '../../src/key-configuration.js'
import { openDatabase } from '../../src/stores/sql/database.js'
import { SECRET } from './host.js'

/** The mails that a host has sent: its `mail` is `send`. */
export class Mailbox {
  /** Oldest first. */
  readonly mails: Mail[] = []
  readonly send = (mail: Mail): void => void this.mails.push(mail)

  to(email: string): Mail[] {
    return this.mails.filter((mail) => mail.to === email)
  }
}

/** A mail server that is not there: what is to be sent stays in the outbox of a host in another process, where a test reads it. */
export const NO_MAIL_SERVER = 'smtp://127.0.0.1:9'

/** The mails that wait to be sent, oldest first. */
export async function mailsOf(host: { database: string }): Promise<MailOrder[]> {
  const envelopes = new Envelopes(envelopeKeys(undefined, [SECRET]))
  const db = await openDatabase(host.database)
  try {
    const rows = await db.selectFrom('security_outbox').selectAll().orderBy('created_at').execute()
    return rows
      .filter(({ content }) => content !== null)
      .map(({ id, content }) => JSON.parse(envelopes.open(content!, { owner: id, field: 'outbox' })) as MailOrder)
  } finally {
    await db.destroy()
  }
}
