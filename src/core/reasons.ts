/** Why a session id is dead. Stored beside it and told to the browser that still carries it. */
const SESSION_REASONS = [
  'revoked',
  'revoked_others',
  'password_changed',
  'factor_changed',
  'limit',
  'expired',
  'signed_out',
  'replaced',
  'rotated',
  'disabled',
  'host',
  'unknown',
] as const

export type SessionReason = (typeof SESSION_REASONS)[number]

export const isSessionReason = (text: string): text is SessionReason =>
  (SESSION_REASONS as readonly string[]).includes(text)
