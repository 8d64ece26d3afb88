import assert from 'node:assert/strict'
import supertest from 'supertest'
import { NOT_ME_MS, NotMeLinks } from '../../src/features/notices/not-me.js'
import { openDatabase } from '../../src/stores/sql/database.js'
import { enrol } from '../support/authenticator.js'
import { BASE } from '../support/browser.js'
import { StillClock, until } from '../support/clock.js'
import { ada, grace, PASSWORDS, SECRET, startHost, tove, type Host, type Person } from '../support/host.js'
import { Mailbox } from '../support/mails.js'
import { choose, forgot, kindOf, nextLink, open, resetLink } from './reset-people.js'
import { signedIn } from './step-up-people.js'

const NEW = 'Silver-Anchor-29-Field'

describe('"This wasn\'t me"', () => {
  const box = new Mailbox()
  let host: Host
  before(async () => {
    host = await startHost({
      mail: box.send,
      clock: new StillClock(),
      twoFactor: { trustBrowser: '30d' },
    })
  })
  after(() => host.close())
  beforeEach(async () => {
    host.clock.advance(16 * 60_000)
    for (const { id } of [ada, grace]) await host.security.passwords.set(id, PASSWORDS[id]!)
  })
  afterEach(() => assert.deepEqual(host.errors, []))

  const linkOf = ({ id, email }: Person) =>
    `${BASE}/not-me?token=${encodeURIComponent(new NotMeLinks([SECRET], host.clock).sign(id, host.clock.now(), email))}`
  const rows = async (table: 'security_known_devices' | 'security_trusted_browsers', { id }: Person) => {
    const db = await openDatabase(host.database)
    try {
      return (await db.selectFrom(table).select('user_id').where('user_id', '=', id).execute()).length
    } finally {
      await db.destroy()
    }
  }

  it('opening the link does nothing, by a scanner and again; the page says what its button will do', async () => {
    const thief = await signedIn(host, grace)
    const link = linkOf(grace)
    for (const method of ['head', 'get', 'get'] as const) {
      const moved = await supertest(host.url)[method](link)
      assert.deepEqual([moved.status, moved.headers.location], [303, `${BASE}/not-me`])
      assert.equal(moved.headers['referrer-policy'], 'no-referrer')
    }
    const page = await open(host.browser(), link)
    assert.equal(page.status, 200)
    assert.match(page.text, /grace@acme\.test.*every device is signed out.*an e\u2011mail with a link comes/)
    assert.equal(page.$('main form[method=post]').length, 1)
    assert.ok(await thief.isSignedIn())
  })

  it('the button signs every device out, forgets browsers, and sends a link at once', async () => {
    const thief = await signedIn(host, grace)
    await enrol(thief, host.clock)
    const older = await resetLink(host, box, grace)
    const owner = host.browser()
    const page = await open(owner, linkOf(grace))
    const link = await nextLink(host, box, grace, async () => {
      const done = await owner.submit(page, '/not-me')
      assert.deepEqual([done.status, done.location], [303, `${BASE}/not-me?done=link`])
      const said = await owner.follow(done)
      assert.match(said.text, /Every device was signed out.*An e\u2011mail with a link is on its way/)
    })
    assert.equal(await thief.isSignedIn(), false)
    assert.deepEqual(
      [await rows('security_known_devices', grace), await rows('security_trusted_browsers', grace)],
      [0, 0],
    )
    assert.equal((await open(host.browser(), older)).status, 410, 'a link that the thief may have asked for')
    const db = await openDatabase(host.database)
    const [event] = await db
      .selectFrom('security_audit_events')
      .selectAll()
      .where('action', '=', 'auth.not_me')
      .execute()
    await db.destroy()
    assert.equal(event?.user_id, grace.id)
    assert.equal((JSON.parse(event.details) as { sessionsRevoked: number }).sessionsRevoked, 1)
    await choose(owner, await open(owner, link), NEW)
    const half = await owner.signIn(grace, NEW)
    assert.equal(half.location, `${BASE}/two-factor`, 'and the second factor is still asked for')
    assert.equal((await owner.follow(half)).$('input[name=code]').length, 1)
  })

  it('works for somebody who is signed in, and answers a script', async () => {
    const owner = await signedIn(host, ada)
    await open(owner, linkOf(ada))
    const { csrfToken, email, mailed } = (await owner.json(`${BASE}/not-me`)).json
    assert.deepEqual([email, mailed], [ada.email, 'link'])
    const done = await owner.json(`${BASE}/not-me`, { csrfToken })
    assert.deepEqual([done.status, done.json], [200, { ok: true, mailed: 'link' }])
    assert.equal(await owner.isSignedIn(), false)
  })

  it('twice in a row leaves a link that works', async () => {
    await nextLink(host, box, ada, () => forgot(host, ada.email))
    const owner = host.browser()
    const page = await open(owner, linkOf(ada))
    await nextLink(host, box, ada, () => owner.submit(page, '/not-me'))
    const link = await nextLink(host, box, ada, () => owner.submit(page, '/not-me'))
    assert.equal((await open(host.browser(), link)).status, 200)
  })

  it('somebody whose organization signs them in gets a mail that says so, and no link', async () => {
    const owner = host.browser()
    const page = await open(owner, linkOf(tove))
    assert.match(page.text, /how to go on with your organization/)
    const done = await owner.submit(page, '/not-me')
    assert.match((await owner.follow(done)).text, /change your password there/)
    await until('the mail', () => box.to(tove.email).length > 0, 4_000)
    assert.deepEqual(box.to(tove.email).map(kindOf), ['sso'])
  })

  it('a link that is changed, too old or missing does nothing', async () => {
    const thief = await signedIn(host, ada)
    const owner = host.browser()
    const late = linkOf(ada)
    const page = await open(owner, late)
    const theirs = linkOf(grace)
    const mixed = late.replace(/\..*/, theirs.slice(theirs.indexOf('.')))
    for (const each of [
      mixed,
      `${BASE}/not-me?token=junk`,
      `${BASE}/not-me?token=${'x'.repeat(60)}.${'A'.repeat(43)}`,
    ]) {
      const dead = await open(host.browser(), each)
      assert.deepEqual([dead.status, dead.$('main form').length], [410, 0])
    }
    assert.equal((await host.browser().visit(`${BASE}/not-me`)).status, 410)
    assert.equal((await host.browser().visit(`${BASE}/not-me?done=link`)).status, 410)
    assert.equal((await host.browser().post(`${BASE}/not-me`, {})).status, 403)
    assert.ok(await thief.isSignedIn())
    host.clock.advance(NOT_ME_MS)
    assert.equal((await owner.submit(page, '/not-me')).status, 403, 'the form is too old as well')
    assert.equal((await open(owner, late)).status, 200)
    host.clock.advance(1)
    const dead = await open(owner, late)
    assert.equal(dead.status, 410)
    assert.match(dead.text, /more than seven days old/)
  })
})
