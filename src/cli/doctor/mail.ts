import { isLoopback } from '../network.js'
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
