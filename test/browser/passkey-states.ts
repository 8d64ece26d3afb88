import { openDatabase } from '../../src/stores/sql/database.js'
import { ada, type Host, type Person } from '../support/host.js'
import { addAuthenticator } from '../support/virtual-authenticator.js'
import type { State } from './entrance-states.js'
import { long, mona, noor, paula, type Scene } from './scenes.js'

const NAMES = ['iCloud Keychain', long.name.slice(0, 60), noor.name]

/** Gives somebody three passkeys; nobody answers with them here. */
async function givePasskeys({ database, clock }: Host, { id }: Person): Promise<void> {
  const db = await openDatabase(database)
  const rows = NAMES.map((name, i) => ({
    id: `${id}-${i}`,
    user_id: id,
    name,
    created_at: clock.now(),
    last_used_at: i === 0 ? clock.now() : null,
    credential_id: `${id}-${i}`,
    public_key: 'none',
    sign_count: 0,
    transports: '[]',
    aaguid: '',
    synced: i === 0 ? (1 as const) : (0 as const),
  }))
  await db
    .insertInto('security_passkeys')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  await db.destroy()
}

const withPasskeys = (person: Person, lead: (scene: Scene) => Promise<unknown>) => (scene: Scene) =>
  givePasskeys(scene.host, person).then(() => lead(scene))

const press = ({ page }: Scene, use: string) => page.locator(`[data-sp-passkey=${use}] button`).click()

/** An authenticator whose user is not the one it knows. */
const strangers = async ({ page }: Scene) => (await addAuthenticator(page)).verified(false)

/** Pages of passkeys. */
export const PASSKEYS: Record<string, State> = {
  'passkeys with long names, one open': [
    'passkeys.remove_help',
    withPasskeys(long, async ({ visit, page }) => {
      await visit('/', long)
      await page.locator('.sp-passkeys summary').nth(1).click()
    }),
  ],
  'a passkey was not added': [
    'passkeys.not_added',
    async (scene) => {
      await strangers(scene)
      await scene.visit('/', ada)
      await press(scene, 'register')
    },
  ],
  'a passkey was added': [
    'passkeys.added',
    async (scene) => {
      await addAuthenticator(scene.page)
      await scene.visit('/', ada)
      await press(scene, 'register')
      await scene.page.locator('.sp-passkeys').waitFor()
    },
  ],
  'sign-in, the passkey was not confirmed': [
    'passkeys.not_confirmed',
    async (scene) => {
      await strangers(scene)
      await scene.visit('/sign-in')
      await press(scene, 'authenticate')
    },
  ],
  'second half of a sign-in, by passkey': [
    'two_factor.use_passkey_title',
    withPasskeys(paula, ({ begin, visit }) => begin(paula).then(() => visit('/two-factor'))),
  ],
  'step-up by passkey': ['step_up.with_passkey', withPasskeys(long, ({ visit }) => visit('/../contracts', long))],
  'step-up for a passkey that is missing': ['step_up.no_passkey', ({ visit }) => visit('/../contracts', mona)],
  'too many passkeys': ['page.passkey_limit.title', ({ visit }) => visit('/../fails/passkey_limit', ada)],
  'a passkey that is none': ['page.invalid_passkey.title', ({ visit }) => visit('/../fails/invalid_passkey')],
  'two-factor that stays on': [
    'page.two_factor_enforced.title',
    ({ visit }) => visit('/../fails/two_factor_enforced', ada),
  ],
  'sent already': ['page.already_done.title', ({ visit }) => visit('/../fails/already_done', ada)],
}
