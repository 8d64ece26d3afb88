/** Every finding there is. docs/operations.md tells what each means; a test holds the two together. */
export const FINDING_IDS = [
  'configuration_file',
  'options',
  'origin',
  'secret_random',
  'secret_repeated',
  'secret_old',
  'sql_reachable',
  'sql_migrations',
  'sql_newer',
  'sql_keys',
  'mail_unsent',
  'sqlite_memory',
  'sqlite_writable',
  'sqlite_journal',
  'sqlite_network_file_system',
  'postgresql_primary',
  'postgresql_synchronous_commit',
  'postgresql_fsync',
  'postgresql_tls',
  'sql_clock',
  'redis_reachable',
  'redis_role',
  'redis_writable',
  'redis_eviction',
  'redis_memory',
  'redis_persistence',
  'redis_replicas',
  'redis_cluster',
  'redis_version',
  'redis_latency',
  'redis_clock',
  'redis_password',
  'redis_tls',
  'mail_set',
  'mail_reachable',
  'mail_tls',
  'mail_sign_in',
  'app_reachable',
  'app_proxy_trust',
  'app_sign_in_page',
  'app_form_cookie',
  'app_csp',
  'app_hsts',
  'app_cache_control',
  'app_clock',
  'processes_trust_proxy',
  'processes_redis',
] as const

export type FindingId = (typeof FINDING_IDS)[number]
export type Level = 'ok' | 'warning' | 'problem'

/** What one check says: what it saw, and what to write instead. Never a secret. */
export interface Finding {
  /** Stable: CI may rely on it. */
  id: FindingId
  level: Level
  seen: string
  /** Null where there is nothing to change. */
  change: string | null
}

/** All is well; `hint` is what could be even better. */
export const ok = (id: FindingId, seen: string, hint: string | null = null): Finding => ({
  id,
  level: 'ok',
  seen,
  change: hint,
})

/** It works, but somebody will be sorry later. */
export const warning = (id: FindingId, seen: string, change: string): Finding => ({
  id,
  level: 'warning',
  seen,
  change,
})

/** It does not work, or is not safe. */
export const problem = (id: FindingId, seen: string, change: string): Finding => ({
  id,
  level: 'problem',
  seen,
  change,
})
