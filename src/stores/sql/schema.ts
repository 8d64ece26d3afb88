import type { Generated } from 'kysely'
import type { SessionReason } from '../../core/reasons.js'

/** Times are milliseconds since the epoch by the context's clock; booleans are 0 and 1, which every dialect has. */
export interface Schema {
  security_users: UserRow
  security_sessions: SessionRow
  security_dead_ids: DeadIdRow
  security_session_data: SessionDataRow
  security_audit_events: AuditEventRow
  security_state: StateRow
  security_throttles: ThrottleRow
  security_known_devices: KnownDeviceRow
  security_one_time_secrets: OneTimeSecretRow
  security_totp: TotpRow
  security_recovery_code_sets: RecoveryCodeSetRow
  security_recovery_codes: RecoveryCodeRow
  security_passkeys: PasskeyRow
  security_trusted_browsers: TrustedBrowserRow
  security_outbox: OutboxRow
}

export interface UserRow {
  user_id: string
  /** Raised by every change of a credential; a sign-in that began under another epoch is refused. */
  epoch: number
  /** When it was raised; 0: never. */
  epoch_changed_at: Generated<number>
  password_hash: string | null
  password_changed_at: number | null
  disabled_at: number | null
}

/** The record: what decides whether a session is alive. */
export interface SessionRow {
  public_id: string
  /** SHA-256 of the id in the cookie; the id itself is stored nowhere. */
  id_hash: string
  user_id: string
  email: string
  name: string
  epoch: number
  /** JSON: AuthenticationMethod[] */
  amr: string
  remembered: 0 | 1
  created_at: number
  authenticated_at: number
  expires_at: number
  /** Ends after so many milliseconds without a request; null: only the absolute limit. */
  idle_ms: number | null
  last_active_at: number
  ip: string | null
  user_agent: string | null
  ended_at: number | null
  end_reason: SessionReason | null
}

/** Ids that must never be accepted again; a session may have several (each rotation leaves one). */
export interface DeadIdRow {
  seq: Generated<number>
  id_hash: string
  public_id: string
  reason: SessionReason
  died_at: number
  /** The session's absolute limit: until then every process remembers the id. */
  until: number
  buried: 0 | 1
}

/** What the host keeps in `req.session`, where there is no Redis. */
export interface SessionDataRow {
  id_hash: string
  data: string
  expires_at: number
}

/** What the processes on one database tell each other. */
export interface StateRow {
  /**
   * `redis`: told every minute by each process with Redis. `trust_proxy_*`: by each process once, at its first page, for
   * `sallyport doctor`.
   */
  name: 'redis' | 'trust_proxy_true' | 'trust_proxy_fine'
  changed_at: number
}

export interface AuditEventRow {
  id: string
  action: string
  actor_type: string
  actor_id: string | null
  user_id: string | null
  outcome: 'success' | 'failure'
  occurred_at: number
  ip: string | null
  user_agent: string | null
  /** JSON */
  details: string
}

/** Failed attempts that are counted together. */
export interface ThrottleRow {
  /** HMAC of what is counted: an address, a user, a network, a device, a session. */
  counter: string
  /** JSON: when they were, oldest first. */
  attempts: string
  blocked_until: number
  forget_at: number
}

/** A browser in which a user has signed in. */
export interface KnownDeviceRow {
  /** SHA-256 of the token in the browser's cookie. */
  token_hash: string
  user_id: string
  label: string
  created_at: number
  last_seen_at: number
}

/** What is good for one use: a half-finished sign-in, a passkey challenge, a suspended post. */
export interface OneTimeSecretRow {
  /** SHA-256 of the token. */
  token_hash: string
  purpose: string
  user_id: string | null
  /** Envelope of JSON. */
  content: string
  /** So many times somebody has tried to get past it. */
  attempts: number
  created_at: number
  expires_at: number
}

/** A user's authenticator app; the row outlives it, because no time step may ever be used twice. */
export interface TotpRow {
  user_id: string
  /** Envelope of the base32 secret; null: two-factor is off. */
  secret: string | null
  enabled_at: number | null
  /** Envelope of a secret that waits to be confirmed, and by whom: a session's public id, or the hash of a half-finished sign-in. */
  pending_secret: string | null
  pending_by: string | null
  pending_until: number | null
  /** The newest time step (RFC 6238) that was accepted; 0: none. */
  last_step: number
}

export interface RecoveryCodeSetRow {
  user_id: string
  /** Public id of this set of codes. */
  generation: string
  salt: string
  created_at: number
  /** When the user said to have saved them; null: never. */
  saved_at: number | null
}

export interface RecoveryCodeRow {
  user_id: string
  /** argon2id of the code and the set's salt. */
  code_hash: string
  used_at: number | null
}

export interface PasskeyRow {
  /** Public id. */
  id: string
  user_id: string
  /** base64url, as the browser sends it. */
  credential_id: string
  /** COSE key, base64url. */
  public_key: string
  sign_count: number
  /** JSON: string[] */
  transports: string
  aaguid: string
  /** Whether the authenticator may copy it to other devices. */
  synced: 0 | 1
  name: string
  created_at: number
  last_used_at: number | null
}

/** A browser that is not asked for the second factor. */
export interface TrustedBrowserRow {
  id: string
  user_id: string
  token_hash: string
  user_agent: string | null
  ip: string | null
  created_at: number
  last_used_at: number
  expires_at: number
}

/** A mail that is to be sent, or was. */
export interface OutboxRow {
  /** Public id, of which its Message-ID is made. */
  id: string
  user_id: string
  kind: string
  /** Envelope of JSON; null: it was sent, or given up. */
  content: string | null
  created_at: number
  /** When it is tried next; null: never again. */
  due_at: number | null
  attempts: number
  sent_at: number | null
  /** Why the last attempt failed. */
  failure: string | null
}
