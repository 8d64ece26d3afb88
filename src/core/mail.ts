/** What somebody is told of by mail, unless the host turns it off. */
export const NOTICE_KINDS = [
  'password_changed',
  'password_reset',
  'email_changed',
  'two_factor_enabled',
  'two_factor_disabled',
  'recovery_codes_regenerated',
  'recovery_code_used',
  'passkey_added',
  'passkey_removed',
  'new_device',
  'suspicious_sign_in',
  'admin_reset',
] as const

export type NoticeKind = (typeof NOTICE_KINDS)[number]

/** Every mail there is. */
export type MailKind = NoticeKind | 'reset_link' | 'invitation_link' | 'sso_instead_of_reset'

export const isNotice = (kind: MailKind): kind is NoticeKind => (NOTICE_KINDS as readonly string[]).includes(kind)

/** How long the links that are sent stay good, in milliseconds after they were asked for. */
export const LINK_MS = { reset_link: 3_600_000, invitation_link: 72 * 3_600_000 } as const

/** A mail as it goes out; nodemailer's `sendMail` takes it as it is. */
export interface Mail {
  /** One address. */
  to: string
  /** `"Your product" <security@app.example.com>`. */
  from: string
  subject: string
  text: string
  html: string
  /** The same whenever the same mail is sent again: `<id@app.example.com>`. */
  messageId: string
  headers: Record<string, string>
}

/** What a mail is made of. Names, devices and `params` are untrusted text. */
export interface MailFacts {
  kind: MailKind
  /** The user's. */
  name: string
  productName: string
  /** Milliseconds since the epoch. */
  occurredAt: number
  device: { browser: string | null; system: string | null }
  location: string | null
  /** Null where no request was: then nothing is said of device and place either. */
  ip: string | null
  params: Record<string, string | number>
  /** The link that the mail is for, e.g. of a reset, and how long it is good; null: it is for none. */
  link: { url: string; until: number } | null
  /** "This wasn't me"; null: it is no notice, or goes to an address that is the account's no more. */
  notMeUrl: string | null
  secureUrl: string
  signInUrl: string
  /** Where somebody turns to who needs help: `mailto:` or `https:`; null: nobody is named. */
  support: string | null
}

/** What a mail says. */
export interface RenderedMail {
  subject: string
  text: string
  html: string
}
