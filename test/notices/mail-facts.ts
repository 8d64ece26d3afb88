import { isNotice, LINK_MS, NOTICE_KINDS, type MailFacts, type MailKind } from '../../src/core/mail.js'

export const KINDS: MailKind[] = [...NOTICE_KINDS, 'reset_link', 'invitation_link', 'sso_instead_of_reset']
export const HOME = 'https://app.example.com/security'

/** As long as ours are. */
const TOKEN = 'q3Zk8VtWcR1nYhB6xD0uLmEoJ5sPaGfT2wKiN7yCvXe'

const NOW = Date.UTC(2026, 10, 21, 14, 5)

/** What a mail of each kind could be made of. */
export const factsOf = (kind: MailKind, more: Partial<MailFacts> = {}): MailFacts => ({
  kind,
  name: 'Ada Lindqvist',
  productName: 'Ledgerly',
  occurredAt: NOW,
  device: { browser: 'Firefox', system: 'Linux' },
  location: 'Lisbon, Portugal',
  ip: '203.0.113.7',
  params: { count: 2, passkey: 'Phone', replaced: 1 },
  link:
    kind === 'reset_link' || kind === 'invitation_link'
      ? { url: `${HOME}/reset-password?token=${TOKEN}`, until: NOW + LINK_MS[kind] }
      : null,
  notMeUrl: isNotice(kind) && kind !== 'email_changed' ? `${HOME}/not-me?token=${TOKEN}` : null,
  secureUrl: `${HOME}/secure-account`,
  signInUrl: `${HOME}/sign-in`,
  support: 'mailto:help@example.com',
  ...more,
})
