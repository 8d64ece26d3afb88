import assert from 'node:assert/strict'
import { readLegacyHash } from '../../src/features/passwords/legacy-hash.js'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { BASE } from '../support/browser.js'
import { startHost, type Host, type HostOptions, type Person } from '../support/host.js'
import { LEGACY_HASHES, LEGACY_PASSWORD, PUBLISHED, REFUSED_HASHES } from './legacy-hashes.js'

const WRONG = 'Wrong-Horse-7-Battery'
const NEW = 'Violet-Kettle-77-Moor'
const nils: Person = { id: 'u21', email: 'nils@acme.test', name: 'Nils Ahlgren' }
const vera: Person = { id: 'u22', email: 'vera@acme.test', name: 'Vera Lindholm' }

describe('Old hashes', () => {
  for (const [name, hash] of Object.entries(LEGACY_HASHES))
    it(`${name}: the password is right, another is not`, async () => {
      const compare = readLegacyHash(hash)!
      assert.deepEqual([await compare(LEGACY_PASSWORD), await compare(WRONG), await compare('')], [true, false, false])
    })

  for (const [name, [password, hash]] of Object.entries(PUBLISHED))
    it(`one that the manual of ${name} shows`, async () => {
      const compare = readLegacyHash(hash)!
      assert.deepEqual([await compare(password), await compare(`${password}.`)], [true, false])
    })

  it('what is none, is empty, or would take too much work is refused before anything is computed', () => {
    for (const text of REFUSED_HASHES) assert.equal(readLegacyHash(text), null, text.slice(0, 80))
  })
})

describe('Coming from an old table', () => {
  let host: Host
  let db: Database
  let asked: string[]
  let table: Record<string, unknown>

  async function start(options: HostOptions = {}): Promise<void> {
    asked = []
    table = { [nils.id]: LEGACY_HASHES['bcrypt 2b'] }
    const people = [nils, vera]
    host = await startHost({
      people,
      ...options,
      users: {
        findById: (id) => people.find((person) => person.id === id),
        findByEmail: (email) => people.find((person) => person.email === email),
        legacyPassword: (userId) => {
          asked.push(userId)
          return table[userId] as string | null
        },
        ...options.users,
      },
      routes: (app, security) => {
        app.post('/sign-in-as/:id', (req, res, next) => {
          const person = people.find(({ id }) => id === req.params.id)!
          security.signIn(req, person, { amr: ['fed'] }).then(() => res.json({}), next)
        })
      },
    })
    db = await openDatabase(host.database)
  }
  afterEach(async () => {
    await db?.destroy()
    await host?.close()
  })
  const signIn = async (password: string, person = nils) => (await host.browser().signIn(person, password)).status
  const stored = async () =>
    await db.selectFrom('security_users').selectAll().where('user_id', '=', nils.id).executeTakeFirst()
  const events = async (action: string) =>
    db.selectFrom('security_audit_events').selectAll().where('action', '=', action).execute()

  it('signs in with the old password, which gets a hash of ours; the old one is never asked for again', async () => {
    await start()
    assert.equal(await signIn(WRONG), 422)
    assert.equal(await stored(), undefined)
    assert.equal(await signIn(LEGACY_PASSWORD), 303)
    const row = (await stored())!
    assert.match(row.password_hash!, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    assert.deepEqual([row.epoch, row.password_changed_at], [0, null], 'it is the same password, as old as it was')
    asked.length = 0
    table[nils.id] = LEGACY_HASHES['bcrypt 2a'] // of whatever password: it counts no more
    assert.deepEqual([await signIn(LEGACY_PASSWORD), await signIn(WRONG)], [303, 422])
    await host.security.passwords.set(nils.id, NEW)
    assert.deepEqual([await signIn(LEGACY_PASSWORD), await signIn(NEW)], [422, 303])
    assert.deepEqual(asked, [])
  })

  it('tells of it in the audit log and the activity, and ends no session', async () => {
    await start()
    const elsewhere = host.browser()
    await elsewhere.post(`/sign-in-as/${nils.id}`, {})
    const browser = host.browser()
    await browser.signIn(nils, LEGACY_PASSWORD)
    assert.deepEqual([await elsewhere.isSignedIn(), await browser.isSignedIn()], [true, true])
    const [event, ...more] = await events('auth.password_migrated')
    assert.deepEqual([event!.user_id, event!.actor_type, event!.details, more.length], [nils.id, 'system', '{}', 0])
    assert.match(
      (await browser.visit(`${BASE}/activity`)).text,
      /Your password, still the same, is now stored more safely/,
    )
    assert.ok(!JSON.stringify(await db.selectFrom('security_audit_events').selectAll().execute()).includes('$2b$'))
  })

  it('replaces it once, however many sign in at the same moment', async () => {
    await start({ passwords: { hashing: { concurrent: 4 } } })
    const statuses = await Promise.all(Array.from({ length: 5 }, () => signIn(LEGACY_PASSWORD)))
    assert.deepEqual(statuses, Array(5).fill(303))
    assert.equal((await events('auth.password_migrated')).length, 1)
  })

  it('does not bring the old password back over one that was set meanwhile', async () => {
    await start()
    const legacyPassword = async (userId: string) => {
      if (asked.push(userId) === 1) await host.security.passwords.set(userId, NEW) // while the old one is looked up
      return LEGACY_HASHES['bcrypt 2b']!
    }
    await db.destroy()
    await host.close()
    await start({ users: { legacyPassword } as never })
    assert.equal(await signIn(LEGACY_PASSWORD), 422)
    assert.equal((await events('auth.password_migrated')).length, 0)
    assert.deepEqual([await signIn(LEGACY_PASSWORD), await signIn(NEW)], [422, 303])
  })

  it('is held back like any other guess', async () => {
    await start()
    for (let i = 0; i < 5; i += 1) assert.equal(await signIn(WRONG), 422)
    asked.length = 0
    assert.equal(await signIn(LEGACY_PASSWORD), 429)
    assert.deepEqual(asked, [], 'what has to wait costs the app no query')
  })

  it('says the same for who has none, nobody at all, and a disabled user, whose hash stays as it is', async () => {
    await start()
    const answers: string[] = []
    for (const email of [nils.email, vera.email, 'nobody@acme.test'])
      answers.push((await host.browser().signIn({ email }, WRONG)).bytes.replaceAll(email, 'e-mail'))
    assert.equal(new Set(answers).size, 1)
    await host.security.users.disable(nils.id)
    assert.equal(await signIn(LEGACY_PASSWORD), 422)
    assert.equal((await stored())!.password_hash, null)
    assert.deepEqual(new Set(asked), new Set([nils.id, vera.id]), 'nobody is not asked for')
  })

  it('reports a hash that cannot be read, once, without a letter of it; its user is refused', async () => {
    await start()
    for (const hash of [
      '5f4dcc3b5aa765d61d8327deb882cf99',
      '$2b$31$g2d/dCd0ZgleU2WEc17hIOrF6WLssg4SAJcL6kiabEr470LUJgosW',
    ]) {
      table[nils.id] = hash
      assert.equal(await signIn(LEGACY_PASSWORD), 422)
    }
    assert.equal(host.errors.length, 1)
    assert.match(String(host.errors[0]), /users\.legacyPassword: the hash of user u21 is in no format/)
    assert.doesNotMatch(String(host.errors[0]), /5f4dcc/)
  })

  it('takes anything but a text for none', async () => {
    await start()
    for (const nothing of [undefined, null, '', 0, {}, ['$2b$08$']]) {
      table[nils.id] = nothing
      assert.equal(await signIn(LEGACY_PASSWORD), 422)
      host.clock.advance(3_600_000)
    }
    assert.deepEqual(host.errors, [])
  })

  it('is a password like any other for who is signed in already: to confirm with, and to change', async () => {
    await start()
    const browser = host.browser()
    await browser.post(`/sign-in-as/${nils.id}`, {})
    assert.equal(await host.security.passwords.exists(nils.id), true)
    const stepUp = await browser.visit(`${BASE}/step-up?returnTo=/payouts`)
    assert.equal((await browser.submit(stepUp, '/step-up', { password: WRONG })).status, 422)
    const typed = { currentPassword: LEGACY_PASSWORD, newPassword: NEW, confirmPassword: NEW }
    assert.equal((await browser.submit(await browser.visit(`${BASE}/`), '/password', typed)).status, 303)
    assert.deepEqual([await signIn(LEGACY_PASSWORD), await signIn(NEW)], [422, 303])
  })
})
