import type { AuditEventRow } from '../../src/stores/sql/schema.js'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { BASE, FIREFOX, type Browser } from './browser.js'
import { ada, type Host } from './host.js'
import type { See } from './walk-factors.js'

type SignIn = (agent?: string) => Promise<Browser>
type Details = Record<string, unknown>

/** Everything that can happen to somebody, once for each sentence that tells it. */
const STORY: [action: string, details?: Details, outcome?: 'failure'][] = [
  ['auth.sign_in_succeeded'],
  ['auth.session_adopted'],
  ...['invalid_credentials', 'disabled', 'credential_changed', 'throttled', 'invalid_passkey', 'cloned_passkey'].map(
    (reason): [string, Details, 'failure'] => ['auth.sign_in_failed', { reason }, 'failure'],
  ),
  ['auth.signed_out'],
  ...['revoked', 'password_changed', 'factor_changed', 'limit', 'disabled'].map((reason): [string, Details] => [
    'auth.session_revoked',
    { reason },
  ]),
  ['auth.password_changed'],
  ['auth.password_changed', { initial: true }],
  ['auth.password_migrated'],
  ['auth.password_reset'],
  ['auth.not_me'],
  ['auth.invited'],
  ['auth.email_changed'],
  ['auth.step_up_passed'],
  ['auth.step_up_failed', {}, 'failure'],
  ...['otp', 'rc', 'hwk'].map((method): [string, Details, 'failure'] => [
    'auth.second_factor_failed',
    { method },
    'failure',
  ]),
  ['auth.second_factor_throttled', {}, 'failure'],
  ['auth.2fa_enabled', { replaced: false }],
  ['auth.2fa_enabled', { replaced: true }],
  ['auth.2fa_disabled'],
  ['auth.2fa_recovery_codes_regenerated'],
  ['auth.2fa_reset'],
  ...[0, 1, 4].map((left): [string, Details] => ['auth.recovery_code_used', { left }]),
  ['auth.passkey_added', { name: 'Kay' }],
  ['auth.passkey_removed', { name: 'Kay' }],
  ['auth.browser_trusted'],
  ['auth.trusted_browser_removed'],
  ['auth.user_disabled'],
  ['auth.user_enabled'],
  ['auth.account_reviewed'],
  ['auth.of_another_release'],
]

const ACTORS: Pick<AuditEventRow, 'actor_type' | 'actor_id'>[] = [
  { actor_type: 'user', actor_id: ada.id },
  { actor_type: 'host', actor_id: null },
  { actor_type: 'system', actor_id: null },
  { actor_type: 'user', actor_id: 'an admin' },
]

/** Lets all of it have happened, done by each who may have done it, before a moment. */
async function happen(db: Database, before: number): Promise<void> {
  const rows = ACTORS.flatMap(({ actor_type, actor_id }, who) =>
    STORY.map(([action, details = {}, outcome], i): AuditEventRow => ({
      id: `story-${who}-${i}`,
      action,
      actor_type,
      actor_id,
      user_id: ada.id,
      outcome: outcome ?? 'success',
      occurred_at: before - 60_000 * (who * STORY.length + i),
      ip: '203.0.113.7',
      user_agent: who === 0 ? FIREFOX : null,
      details: JSON.stringify(details),
    })),
  )
  await db.insertInto('security_audit_events').values(rows).execute()
}

/** Two-factor as a page sees that it is on; nobody could give a code. */
export async function pretendTwoFactor(db: Database, userId: string, at: number): Promise<void> {
  const nothing = { pending_secret: null, pending_by: null, pending_until: null }
  await db
    .insertInto('security_totp')
    .values({ user_id: userId, secret: 'sealed', enabled_at: at, ...nothing, last_step: 0 })
    .execute()
}

/** Activity and "Secure my account" in every state. */
export async function activityStates(host: Host, signedIn: SignIn, see: See): Promise<void> {
  const db = await openDatabase(host.database)
  const browser = await signedIn()
  await db.deleteFrom('security_audit_events').execute() // the same story for everybody who takes this walk
  await happen(db, host.clock.now())
  let cursor: unknown = ''
  for (let i = 1; typeof cursor === 'string'; i += 1) {
    const address: string = `${BASE}/activity?cursor=${cursor}`
    see(`activity, page ${i}`, await browser.visit(address))
    cursor = (await browser.json(address)).json.nextCursor
  }
  see('activity, filtered', await browser.visit(`${BASE}/activity?kind=factors&within=7d`))
  see('activity, none older', await browser.visit(`${BASE}/activity?cursor=1.a`))
  see('secure account', await browser.visit(`${BASE}/secure-account`))
  await db.deleteFrom('security_audit_events').execute()
  see('activity, none', await browser.visit(`${BASE}/activity`))
  see('activity, none of this kind', await browser.visit(`${BASE}/activity?kind=password&within=24h`))
  await host.security.sessions.revokeAll(ada.id)
  const alone = await signedIn()
  const reviewed = await alone.submit(await alone.visit(`${BASE}/secure-account`), '/secure-account')
  see('secure account, reviewed', await alone.follow(reviewed))
  await pretendTwoFactor(db, ada.id, host.clock.now())
  see('secure account, all done', await alone.visit(`${BASE}/secure-account`))
  await db.deleteFrom('security_totp').execute()
  await db.destroy()
}

/** The reminder of a new password, which the passing of time brings. */
export async function passwordDue(signedIn: SignIn, see: See): Promise<void> {
  const browser = await signedIn()
  see('password due', await browser.visit(`${BASE}/`))
  see('secure account, long after', await browser.visit(`${BASE}/secure-account`))
}
