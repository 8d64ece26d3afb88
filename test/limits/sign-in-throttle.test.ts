import assert from 'node:assert/strict'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { ada, grace, PASSWORDS, startHost, tove, type Host, type Person } from '../support/host.js'
import { BASE } from '../support/browser.js'
import { StillClock, until } from '../support/clock.js'
import { guess, guessUntilRefused, retryAfter, WRONG } from './guess.js'

const MINUTE_MS = 60_000
const dora: Person = { id: 'u8', email: 'dora@acme.test', name: 'Dora Vance', disabled: true }
const ivan: Person = { id: 'u9', email: 'ivan@acme.test', name: 'Ivan Petrov' }
const people = [ada, grace, tove, dora, ivan]

describe('Guessing a password', () => {
  let host: Host
  let db: Database
  let networks = 0
  /** A network that nobody has come from. */
  const network = () => `203.0.${(networks += 1) >> 8}.${networks & 255}`

  before(async () => {
    host = await startHost({ people, clock: new StillClock(), before: (app) => app.set('trust proxy', 1) })
    db = await openDatabase(host.database)
    for (const { id } of [dora, ivan]) await host.security.passwords.set(id, PASSWORDS.u1!)
    await host.security.users.disable(ivan.id)
  })
  after(async () => {
    await db.destroy()
    await host.close()
  })
  beforeEach(() => host.clock.advance(31 * MINUTE_MS)) // what was counted before is forgotten
  afterEach(() => assert.deepEqual(host.errors, []))

  it('five failures are free, from however many networks; then even the right password has to wait', async () => {
    const { tries, wait } = await guessUntilRefused(host, () => ({ email: ada.email, from: network() }))
    assert.deepEqual([tries, wait], [5, 1])
    const right = { email: ada.email, password: PASSWORDS.u1!, from: network() }
    const refused = await guess(host, right)
    assert.equal(refused.status, 429)
    assert.equal(refused.response.headers['set-cookie']?.toString().includes('sallyport='), false)
    assert.equal((await guess(host, { ...right, email: grace.email, password: PASSWORDS.u2! })).status, 303)
    host.clock.advance(1_000)
    assert.equal((await guess(host, right)).status, 303)
  })

  it('the page says how long to wait, and leads back to the form', async () => {
    await guessUntilRefused(host, () => ({ email: ada.email }))
    const browser = host.browser()
    const form = await browser.visit(`${BASE}/sign-in?returnTo=%2Finvoices`)
    const typed = { email: ada.email, password: WRONG }
    const Referer = `${host.url}${BASE}/sign-in?returnTo=%2Finvoices`
    const page = await browser.submit(form, '/sign-in', typed, { Referer })
    assert.equal(page.status, 429)
    assert.match(page.text, /Please wait .* Try again in one second\./)
    assert.equal(page.$('a:contains("Try again")').attr('href'), `${BASE}/sign-in?returnTo=%2Finvoices`)
    assert.ok(!page.response.text.includes(WRONG))
  })

  it('a long wait is told in minutes, and as a time', async () => {
    for (let waits = 0; waits < 10; waits += 1)
      host.clock.advance(1_000 * (await guessUntilRefused(host, () => ({ email: ada.email, from: network() }))).wait)
    await guess(host, { email: ada.email, from: network() })
    const page = await guess(host, { email: ada.email, from: network() })
    const until = host.clock.now() + retryAfter(page) * 1000
    const at = new Date(Math.ceil(until / 60_000) * 60_000).toISOString().slice(11, 16) // not a moment too early
    assert.match(page.text, new RegExp(`Try again in 15 minutes, at ${at} UTC\\.`))
  })

  it('a script is told in problem+json', async () => {
    await guessUntilRefused(host, () => ({ email: ada.email }))
    const page = await guess(host, { email: ada.email, accept: 'application/json' })
    assert.match(page.response.type, /^application\/problem\+json/)
    const told = { title: 'too_many_requests', status: 429, code: 'too_many_requests', retryAfter: 1 }
    assert.deepEqual(page.json, told)
    assert.equal(retryAfter(page), 1)
  })

  it('the waits are 1, 2, 4 ... 900 seconds, and stay there', async () => {
    const waits: number[] = []
    for (let i = 0; i < 13; i += 1) {
      const { tries, wait } = await guessUntilRefused(host, () => ({ email: ada.email, from: network() }))
      assert.equal(tries, i === 0 ? 5 : 1)
      waits.push(wait)
      host.clock.advance(wait * 1_000 - 1)
      assert.equal((await guess(host, { email: ada.email, from: network() })).status, 429, 'a moment too early')
      host.clock.advance(1)
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
  })

  it('whoever tries while it lasts makes it no longer', async () => {
    const { wait } = await guessUntilRefused(host, () => ({ email: ada.email, from: network() }))
    for (let i = 0; i < 20; i += 1) await guess(host, { email: ada.email, from: network() })
    host.clock.advance(wait * 1_000)
    assert.equal((await guess(host, { email: ada.email, from: network() })).status, 422)
    assert.equal((await guessUntilRefused(host, () => ({ email: ada.email, from: network() }))).wait, 2)
  })

  it('failures are forgotten fifteen minutes after the last one, and not earlier', async () => {
    for (let i = 0; i < 4; i += 1) await guess(host, { email: ada.email, from: network() })
    host.clock.advance(15 * MINUTE_MS - 1)
    assert.equal((await guess(host, { email: ada.email, from: network() })).status, 422)
    assert.equal((await guess(host, { email: ada.email, from: network() })).status, 429)
    host.clock.advance(15 * MINUTE_MS + 1_000)
    const { tries, wait } = await guessUntilRefused(host, () => ({ email: ada.email, from: network() }))
    assert.deepEqual([tries, wait], [5, 1])
  })

  it('waiting out the longest wait makes nothing free again', async () => {
    const one = () => ({ email: ada.email, from: network() })
    for (let waits = 0; waits < 12; waits += 1) host.clock.advance(1_000 * (await guessUntilRefused(host, one)).wait)
    const { tries, wait } = await guessUntilRefused(host, one)
    assert.deepEqual([tries, wait], [1, 900])
    host.clock.advance(30 * MINUTE_MS - 1)
    assert.equal((await guessUntilRefused(host, one)).tries, 1, 'fifteen minutes after the wait, not after the failure')
  })

  it('a sign-in gives its own attempt back, and no other', async () => {
    const right = { email: ada.email, password: PASSWORDS.u1! }
    for (let i = 0; i < 8; i += 1) assert.equal((await guess(host, { ...right, from: network() })).status, 303)
    for (let i = 0; i < 4; i += 1) await guess(host, { email: ada.email, from: network() })
    for (let i = 0; i < 3; i += 1) assert.equal((await guess(host, { ...right, from: network() })).status, 303)
    const { tries, wait } = await guessUntilRefused(host, () => ({ email: ada.email, from: network() }))
    assert.deepEqual([tries, wait], [1, 1])
  })

  it('a sign-in after a wait takes back the longer one that it had begun', async () => {
    await guessUntilRefused(host, () => ({ email: ada.email, from: network() }))
    host.clock.advance(1_000)
    const right = { email: ada.email, password: PASSWORDS.u1!, from: network() }
    for (let i = 0; i < 3; i += 1) assert.equal((await guess(host, right)).status, 303)
    assert.equal((await guess(host, { ...right, password: WRONG })).status, 422)
    assert.equal(retryAfter(await guess(host, right)), 2)
  })

  it('successes do not keep failures from being forgotten', async () => {
    const from = network()
    await guess(host, { email: ada.email, from })
    for (let i = 0; i < 4; i += 1) {
      host.clock.advance(5 * MINUTE_MS)
      assert.equal((await guess(host, { email: ada.email, password: PASSWORDS.u1!, from })).status, 303)
    }
    assert.equal((await guessUntilRefused(host, () => ({ email: ada.email, from: network() }))).tries, 5)
  })

  it('is told apart by nobody from guessing where there is no such account, or none that may come in', async () => {
    const seen = new Map<string, string[]>()
    for (const email of [ada.email, tove.email, dora.email, ivan.email, 'nobody@acme.test', 'Nobody.Else@acme.test']) {
      host.clock.advance(31 * MINUTE_MS)
      // the right password of those who have one: for a disabled account it must not be an oracle either
      const password = email === ada.email ? WRONG : PASSWORDS.u1!
      const story: string[] = []
      for (const accept of ['text/html', 'application/json', ...Array<string>(6).fill('text/html')]) {
        const page = await guess(host, { email, password, accept, from: network() })
        const headers = Object.keys(page.response.headers).toSorted().join()
        story.push(`${page.status} ${headers} ${page.bytes.replaceAll(email, 'their e-mail')}`)
      }
      assert.deepEqual(
        story.map((each) => each.slice(0, 3)),
        ['422', '422', '422', '422', '422', '429', '429', '429'],
        email,
      )
      seen.set(story.join('\n'), [...(seen.get(story.join('\n')) ?? []), email])
    }
    assert.equal(seen.size, 1, JSON.stringify([...seen.values()]))
  })

  it('capitals are no other account, whatever the host makes of them', async () => {
    // to this host "ADA@acme.test" is nobody: were it counted apart, who exists would show
    for (const email of [ada.email, 'nobody@acme.test']) {
      const spelled = (i: number) => ({ email: i < 5 ? email.toUpperCase() : email, from: network() })
      assert.equal((await guessUntilRefused(host, spelled)).tries, 5, email)
    }
  })

  it('one network may fail fifty times, at whichever accounts; then it waits, and others do not', async () => {
    const from = network()
    const spray = (i: number) => ({ email: `spray${i}@acme.test`, from })
    assert.equal((await guessUntilRefused(host, spray, 150)).tries, 50)
    assert.equal((await guess(host, { email: ada.email, password: PASSWORDS.u1!, from })).status, 429)
    assert.equal((await guess(host, { email: ada.email, password: PASSWORDS.u1!, from: network() })).status, 303)
    assert.equal((await guess(host, { email: 'spray1@acme.test', from: network() })).status, 422)
  })

  it('the table holds neither an e-mail address nor that of a network', async () => {
    await guess(host, { email: ada.email, from: '198.51.100.77' })
    const rows = JSON.stringify(await db.selectFrom('security_throttles').selectAll().execute())
    assert.ok(rows.length > 100)
    assert.doesNotMatch(rows, /acme|@|198\.51|unknown|"u1"/)
  })

  it('the audit log tells of each failure and of each wait that begins, and not of what is refused while it lasts', async () => {
    const from = network()
    await db.deleteFrom('security_audit_events').execute()
    await guessUntilRefused(host, () => ({ email: ada.email, from }))
    for (let i = 0; i < 10; i += 1) await guess(host, { email: ada.email, from })
    host.clock.advance(1_000)
    await guess(host, { email: ada.email, from })
    const rows = async () => db.selectFrom('security_audit_events').selectAll().orderBy('occurred_at').execute()
    await until('all are written, after the answers', async () => (await rows()).length === 8)
    const told = (await rows()).map((row) => JSON.parse(row.details) as Record<string, unknown>)
    assert.deepEqual(
      told.filter((each) => each.reason !== 'throttled'),
      Array.from({ length: 6 }, () => ({ reason: 'invalid_credentials' })),
    )
    assert.deepEqual(
      told.filter((each) => each.reason === 'throttled'),
      [1, 2].map((seconds) => ({ reason: 'throttled', lane: 'account', seconds })),
    )
    for (const row of await rows())
      assert.deepEqual([row.action, row.user_id, row.ip], ['auth.sign_in_failed', ada.id, from])
  })
})

describe('The throttle as the options say', () => {
  it('counts what they say', async () => {
    const throttle = { perAccount: 2, perNetwork: 3, window: '1m' } as const
    const host = await startHost({ throttle, clock: new StillClock(), before: (app) => app.set('trust proxy', 1) })
    try {
      const from = (i: number) => `203.0.113.${i}`
      assert.equal((await guessUntilRefused(host, (i) => ({ email: ada.email, from: from(i) }))).tries, 2)
      assert.equal((await guessUntilRefused(host, (i) => ({ email: `spray${i}@acme.test`, from: from(99) }))).tries, 3)
      host.clock.advance(61_000)
      assert.equal((await guessUntilRefused(host, (i) => ({ email: ada.email, from: from(i) }))).tries, 2)
    } finally {
      await host.close()
    }
  })
})
