/** The catalogue of errors: stable code, HTTP status. `docs/errors.md` lists the same. */
export const ERRORS = {
  sign_in_required: 401,
  session_revoked: 401,
  session_expired: 401,
  step_up_required: 401,
  challenge_void: 401,
  two_factor_required: 403,
  two_factor_enforced: 403,
  api_key_invalid: 401,
  csrf: 403,
  forbidden: 403,
  password_managed_by_idp: 403,
  bad_request: 400,
  not_found: 404,
  method_not_allowed: 405,
  already_done: 409,
  passkey_limit: 409,
  link_dead: 410,
  payload_too_large: 413,
  unsupported_media_type: 415,
  invalid_form: 422,
  invalid_credentials: 422,
  invalid_code: 422,
  code_already_used: 422,
  invalid_passkey: 422,
  password_rules: 422,
  too_many_requests: 429,
  internal: 500,
  busy: 503,
  unavailable: 503,
} as const

export type ErrorCode = keyof typeof ERRORS

/** Failing rules per form field, e.g. `{ newPassword: ['min_length'] }`. */
export type FieldErrors = Record<string, string[]>

interface Details {
  /** Answer headers, e.g. `Retry-After`. */
  headers?: Record<string, string>
  /** More members of the problem+json answer. Never a secret, never what was typed. */
  extra?: Record<string, unknown>
  /** More of the query of the page that a browser is led to. */
  lead?: Record<string, string>
  cause?: unknown
}

/** An expected refusal, with a code that API clients may rely on. */
export class SecurityError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly headers: Record<string, string>
  readonly extra: Record<string, unknown>
  readonly lead: Record<string, string>

  constructor(code: ErrorCode, { headers = {}, extra = {}, lead = {}, cause }: Details = {}) {
    super(code, cause === undefined ? undefined : { cause })
    this.name = 'SecurityError'
    this.code = code
    this.status = ERRORS[code]
    this.headers = headers
    this.extra = extra
    this.lead = lead
  }
}

/** A form that must be shown again: which rule failed, under which field. */
export class FormError extends SecurityError {
  readonly fields: FieldErrors

  constructor(code: ErrorCode, fields: FieldErrors, more: Record<string, unknown> = {}) {
    super(code, { extra: { fields, rules: [...new Set(Object.values(fields).flat())], ...more } })
    this.name = 'FormError'
    this.fields = fields
  }
}

/** The set-up is wrong; the message says what to write instead. Thrown at start wherever that is possible. */
export class ConfigurationError extends Error {
  readonly code = 'configuration'

  constructor(message: string, options?: { cause?: unknown }) {
    super(`sallyport: ${message}`, options)
    this.name = 'ConfigurationError'
  }
}

/** A store did not answer in time or not at all. Guards turn it into 503. */
export class StoreUnavailable extends Error {
  constructor(store: 'redis' | 'sql', cause: unknown) {
    super(`${store} is unavailable: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'StoreUnavailable'
  }
}

const RETRY_AFTER_S = 2

export const unavailable = (cause?: unknown) =>
  new SecurityError('unavailable', {
    headers: { 'Retry-After': String(RETRY_AFTER_S) },
    extra: { retryAfter: RETRY_AFTER_S },
    cause,
  })

/** Refused until so many milliseconds have passed. */
export function tooManyRequests(waitMs: number): SecurityError {
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1000))
  return new SecurityError('too_many_requests', {
    headers: { 'Retry-After': String(retryAfter) },
    extra: { retryAfter },
  })
}
