import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { ada, grace, PASSWORDS, SECRET, startHost, tove, type Host } from '../support/host.js'
import { BASE, FIREFOX, type Browser } from '../support/browser.js'
import { StillClock } from '../support/clock.js'
import { guess, guessUntilRefused, WRONG } from './guess.js'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

describe('A known device', () => {
  let host: Host
  let db: Database
  before(async () => {
    host = await startHost({
      clock: new StillClock(),
      before: (app) => app.set('trust proxy', 1),
      routes: (app, security) => {
        app.post('/sign-in-as-tove', (req, res, next) => {
          security.signIn(req, tove, { amr: ['fed'] }).then(() => res.json({}), next)
        })
      },
    })
    db = await openDatabase(host.database)
  })
  after(async () => {
    await db.destroy()
    await host.close()
  })
  beforeEach(async () => {
    host.clock.advance(31 * MINUTE_MS)
    await db.deleteFrom('security_known_devices').execute()
  })
  afterEach(() => assert.deepEqual(host.errors, []))

  const right = { email: ada.email, password: PASSWORDS.u1!, from: '198.51.100.10' }
  const rows = async () =>
    db.selectFrom('security_known_devices').selectAll().orderBy('last_seen_at').orderBy('created_at').execute()
  const deviceCookies = (browser: Browser) => browser.cookieNames().filter((name) => name.includes('_device_'))

  async function signedOut(browser: Browser): Promise<void> {
    await browser.submit(await browser.visit(`${BASE}/`), '/sign-out')
    assert.equal(await browser.isSignedIn(), false)
  }
  /** A browser in which somebody has signed in, and out again. */
  async function known(who = right, agent?: string): Promise<Browser> {
    const browser = host.browser(agent)
    assert.equal((await guess(host, { ...who, browser })).status, 303)
    await signedOut(browser)
    return browser
  }
  const strangersGuess = (email: string) => guessUntilRefused(host, (i) => ({ email, from: `203.0.113.${i}` }))

  it('lets the owner in at once while strangers guess, from wherever; a new device has to wait', async () => {
    const browser = await known()
    await strangersGuess(ada.email)
    assert.equal((await guess(host, right)).status, 429)
    assert.equal((await guess(host, { ...right, browser })).status, 303)
    await signedOut(browser)

    const network = (i: number) => ({ email: `spray${i}@acme.test`, from: right.from })
    await guessUntilRefused(host, network)
    assert.equal((await guess(host, { ...right, browser })).status, 303, 'from a network that has to wait')
  })

  it('has five free failures and waits of its own, and they hold nobody else up', async () => {
    const browser = await known()
    const { tries, wait } = await guessUntilRefused(host, () => ({ ...right, password: WRONG, browser }))
    assert.deepEqual([tries, wait], [5, 1])
    assert.equal((await guess(host, { ...right, browser })).status, 429)
    const elsewhere = host.browser(FIREFOX)
    assert.equal((await guess(host, { ...right, browser: elsewhere })).status, 303)
    host.clock.advance(1_000)
    assert.equal((await guess(host, { ...right, browser })).status, 303)
  })

  it('is known to one user: guesses at another account from it count as a stranger’s', async () => {
    const browser = await known()
    const { tries } = await guessUntilRefused(host, () => ({ email: grace.email, browser, from: right.from }))
    assert.equal(tries, 5)
    assert.equal((await guess(host, { email: grace.email, password: PASSWORDS.u2! })).status, 429)

    // the token under the name that the other user's cookie would have
    const graces = await known({ email: ada.email, password: PASSWORDS.u1!, from: '198.51.100.11' })
    const [name] = deviceCookies(await known({ ...right, from: '198.51.100.12' }))
    host.clock.advance(31 * MINUTE_MS)
    assert.equal(
      (await guess(host, { email: grace.email, password: PASSWORDS.u2!, browser: graces, from: '198.51.100.11' }))
        .status,
      303,
    )
    const gracesName = deviceCookies(graces).find((each) => each !== name)!
    const thief = host.browser()
    thief.setCookie(`${gracesName}=${graces.cookie(name)!}; Path=/`)
    await strangersGuess(grace.email)
    assert.equal((await guess(host, { email: grace.email, password: PASSWORDS.u2!, browser: thief })).status, 429)
  })

  it('is not made up: a forged token, or one of a device that is forgotten, is a stranger’s', async () => {
    const browser = await known()
    const [name] = deviceCookies(browser)
    await strangersGuess(ada.email)
    for (const value of ['x', '', 'a'.repeat(32), '%00', `${browser.cookie(name)!}x`]) {
      const forger = host.browser()
      forger.setCookie(`${name}=${value}; Path=/`)
      assert.equal((await guess(host, { ...right, browser: forger })).status, 429, value)
    }
    await db.deleteFrom('security_known_devices').execute()
    assert.equal((await guess(host, { ...right, browser })).status, 429)
  })

  it('is forgotten when the host sets the password, as after a reset', async () => {
    const browser = await known()
    await known({ email: grace.email, password: PASSWORDS.u2!, from: right.from })
    await host.security.passwords.set(ada.id, PASSWORDS.u1!)
    assert.deepEqual(
      (await rows()).map((row) => row.user_id),
      [grace.id],
    )
    await strangersGuess(ada.email)
    assert.equal((await guess(host, { ...right, browser })).status, 429)
  })

  it('stays known when the user changes the password', async () => {
    const browser = await known()
    await guess(host, { ...right, browser })
    const typed = { currentPassword: PASSWORDS.u1!, newPassword: 'Violet-Kettle-77-Moor' }
    const page = await browser.visit(`${BASE}/`)
    const done = await browser.submit(page, '/password', { ...typed, confirmPassword: typed.newPassword })
    assert.equal(done.status, 303)
    await signedOut(browser)
    await strangersGuess(ada.email)
    assert.equal((await guess(host, { ...right, password: typed.newPassword, browser })).status, 303)
    await host.security.passwords.set(ada.id, PASSWORDS.u1!)
  })

  it('the cookie is a token alone: HttpOnly, Lax, for this host, for 400 days; the table has its hash', async () => {
    const browser = host.browser(FIREFOX)
    const page = await guess(host, { ...right, browser })
    const lines = page.response.headers['set-cookie'] as unknown as string[]
    const [line, ...more] = lines.filter((each) => each.includes('_device_'))
    assert.deepEqual(more, [])
    const [pair, ...attributes] = line!.split('; ')
    assert.match(pair!, /^sallyport_device_[\w-]{12}=[\w-]{32}$/)
    const lasting = attributes.filter((each) => !each.startsWith('Expires='))
    assert.deepEqual(lasting.toSorted(), ['HttpOnly', `Max-Age=${400 * 86_400}`, 'Path=/', 'SameSite=Lax'])
    const token = pair!.split('=')[1]!
    const [row] = await rows()
    const { token_hash: hash, ...kept } = row!
    const at = host.clock.now()
    assert.deepEqual(kept, { user_id: ada.id, label: 'Firefox on Linux', created_at: at, last_seen_at: at })
    assert.match(hash, /^[\w-]{43}$/)
    assert.ok(!JSON.stringify(row).includes(token))
    assert.doesNotMatch(page.response.text, new RegExp(token))
  })

  it('is one row however often its user signs in, and says when it was last seen', async () => {
    const browser = await known()
    host.clock.advance(DAY_MS)
    const page = await guess(host, { ...right, browser })
    assert.match(String(page.response.headers['set-cookie']), /_device_[^;]+; Max-Age=34560000/, 'kept on')
    const [row, ...more] = await rows()
    assert.deepEqual(more, [])
    assert.deepEqual([row!.last_seen_at - row!.created_at, row!.last_seen_at], [DAY_MS, host.clock.now()])
  })

  it('comes with every kind of sign-in', async () => {
    const browser = host.browser()
    await browser.json('/sign-in-as-tove', {})
    assert.deepEqual(
      (await rows()).map((row) => row.user_id),
      [tove.id],
    )
    assert.equal(deviceCookies(browser).length, 1)
  })

  it('unseen for 400 days is forgotten', async () => {
    const browser = await known()
    host.clock.advance(400 * DAY_MS)
    await strangersGuess(ada.email)
    assert.equal((await guess(host, { ...right, browser })).status, 429)
  })

  it('a user has twenty at most: the one unseen for longest makes room', async () => {
    const first = await known()
    const second = await known()
    for (let i = 0; i < 18; i += 1) {
      host.clock.advance(1_000)
      await known()
    }
    host.clock.advance(1_000)
    await guess(host, { ...right, browser: first })
    await signedOut(first)
    host.clock.advance(1_000)
    await known()
    assert.equal((await rows()).length, 20)
    await strangersGuess(ada.email)
    assert.equal((await guess(host, { ...right, browser: second })).status, 429)
    assert.equal((await guess(host, { ...right, browser: first })).status, 303)
  })

  it('a browser that many people use keeps five of the cookies, the newest', async () => {
    const browser = host.browser()
    for (let i = 0; i < 8; i += 1) browser.setCookie(`sallyport_device_other${i}=x; Path=/`)
    await guess(host, { ...right, browser })
    const left = deviceCookies(browser)
    assert.equal(left.length, 5)
    assert.deepEqual(
      left.filter((name) => name.includes('other')),
      [4, 5, 6, 7].map((i) => `sallyport_device_other${i}`),
    )
  })

  it('that cannot be written down keeps nobody from signing in', async () => {
    await sql`create trigger full_disk before insert on security_known_devices
      begin select raise(abort, 'disk full'); end`.execute(db)
    const browser = host.browser()
    assert.equal((await guess(host, { ...right, browser })).status, 303)
    assert.ok(await browser.isSignedIn())
    assert.deepEqual(deviceCookies(browser), [])
    assert.match(String(host.errors.splice(0)[0]), /disk full/)
    await sql`drop trigger full_disk`.execute(db)
  })
})

describe('A known device, while secrets rotate', () => {
  it('stays known under the new one', async () => {
    const old = await startHost({ clock: new StillClock() })
    const browser = old.browser()
    await guess(old, { email: ada.email, password: PASSWORDS.u1!, browser })
    const cookies = browser.cookieNames().filter((name) => name.includes('_device_'))
    const rotated = await startHost({ clock: old.clock, database: old.database, secret: [`new ${SECRET}`, SECRET] })
    try {
      const same = rotated.browser()
      for (const name of cookies) same.setCookie(`${name}=${browser.cookie(name)}; Path=/`)
      await guessUntilRefused(rotated, () => ({ email: ada.email }))
      assert.equal((await guess(rotated, { email: ada.email, password: PASSWORDS.u1!, browser: same })).status, 303)
      const names = same.cookieNames().filter((name) => name.includes('_device_'))
      assert.equal(names.length, 1)
      assert.notDeepEqual(names, cookies, 'under the name of the new secret')
    } finally {
      await rotated.close()
      await old.close()
    }
  })
})

describe('A known device of an https site', () => {
  it('has a __Host- cookie', async () => {
    const host = await startHost({ origin: 'https://app.example.com', before: (app) => app.set('trust proxy', 1) })
    try {
      const browser = host.browser()
      const TLS = { 'X-Forwarded-Proto': 'https' }
      const form = await browser.visit(`${BASE}/sign-in`, TLS)
      const jar = (form.response.headers['set-cookie'] as unknown as string[]).map((line) => line.split(';')[0])
      const typed = { ...form.fieldsOf('/sign-in'), email: ada.email, password: PASSWORDS.u1! }
      const done = await browser.post(`${BASE}/sign-in`, typed, {
        ...TLS,
        Origin: 'https://app.example.com',
        Cookie: jar.join('; '),
      })
      assert.equal(done.status, 303)
      assert.match(
        String(done.response.headers['set-cookie']),
        /__Host-sallyport_device_[\w-]{12}=[^;]+; Max-Age=\d+; Path=\/; [^;]+; HttpOnly; Secure/,
      )
    } finally {
      await host.close()
    }
  })
})
