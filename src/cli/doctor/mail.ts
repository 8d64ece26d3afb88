import { unsentMails } from '../../features/notices/outbox.js'
import { isMissingTable } from '../../stores/sql/migrations.js'
import { isLoopback } from '../network.js'
import type { OpenedDatabase } from './database.js'
import { ok, problem, warning, type Finding } from './finding.js'
import type { SmtpAnswer } from './smtp.js'

/** A mail server that answered. */
export interface OpenedMail {
  url: URL
  answer: SmtpAnswer
}

/** Notices tell users of changes to their account; without STARTTLS, others read or change them on the way. */
export function mailIsEncrypted({ url, answer }: OpenedMail): Finding {
  if (answer.encrypted) return ok('mail_tls', 'encrypted from the first byte')
  if (answer.extensions.includes('STARTTLS')) return ok('mail_tls', 'STARTTLS is offered')
  if (isLoopback(url.hostname)) return ok('mail_tls', 'not encrypted, but it is this machine')
  const change = "let the server offer STARTTLS, or write mail: 'smtps://...' (port 465)"
  if (url.password)
    return problem('mail_tls', 'it offers no STARTTLS: the password would go over the network in the clear', change)
  return warning(
    'mail_tls',
    'it offers no STARTTLS: mails, and the links in them, go over the network in the clear',
    change,
  )
}

/** Over smtp:// many servers offer AUTH only after STARTTLS. */
export function mailTakesSignIn({ url, answer }: OpenedMail): Finding | null {
  if (!url.username || answer.extensions.some((each) => each === 'AUTH' || /^AUTH[ =]/.test(each))) return null
  if (!answer.encrypted && answer.extensions.includes('STARTTLS')) return null
  return problem(
    'mail_sign_in',
    'the address has a user, but the server offers no sign-in (AUTH)',
    'take user and password out of the address, or correct the port (587 or 465, not 25)',
  )
}

/** Mails wait in the database; one that fails for a day is kept there, and somebody has to look. */
export async function mailsAreSent({ db }: Pick<OpenedDatabase, 'db'>): Promise<Finding | null> {
  const unsent = await unsentMails(db).catch((error: unknown) => {
    if (isMissingTable(error)) return null // nothing was migrated yet
    throw error
  })
  if (!unsent) return null
  const { givenUp, failing, failure } = unsent
  const last = `the last failure: ${failure}`
  if (givenUp > 0)
    return problem(
      'mail_unsent',
      `${givenUp === 1 ? 'a mail was' : `${givenUp} mails were`} tried for a day and not sent; ${last}`,
      'mend what failed; then have them tried again: UPDATE security_outbox SET due_at = 0 WHERE due_at IS NULL AND ' +
        'content IS NOT NULL (or DELETE them)',
    )
  if (failing > 0)
    return warning(
      'mail_unsent',
      `${failing === 1 ? 'a mail has' : `${failing} mails have`} not been sent yet, and will be tried again; ${last}`,
      'mend what failed; they are sent by themselves, within the hour',
    )
  return ok('mail_unsent', 'no mail has been left unsent')
}
