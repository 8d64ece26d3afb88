import assert from 'node:assert/strict'
import supertest from 'supertest'
import { openDatabase } from '../../src/stores/sql/database.js'
import { enrol } from '../support/authenticator.js'
import { BASE } from '../support/browser.js'
import { StillClock, until } from '../support/clock.js'
import { ada, grace, PASSWORDS, startHost, tove, type Host, type Person } from '../support/host.js'
import { Mailbox, NO_MAIL_SERVER } from '../support/mails.js'
import { choose, forgot, kindOf, linksTo, nextLink, open, resetLink } from './reset-people.js'
import { signedIn } from './step-up-people.js'

const dora: Person = { id: 'u8', email: 'dora@acme.test', name: 'Dora Vance', disabled: true }
const ivan: Person = { id: 'u9', email: 'ivan@acme.test', name: 'Ivan Reyes' }
const PAGE = `${BASE}/reset-password`
const NEW = 'Silver-Anchor-29-Field'
const NEWER = 'Golden-Meadow-13-Tower'

describe('Forgot password', () => {
  const box = new Mailbox()
  let host: Host
  let people: Person[]
  before(async () => {
    people = structuredClone([ada, grace, tove, dora, ivan])
    host = await startHost({ people, mail: box.send, clock: new StillClock() })
    await host.security.passwords.set(dora.id, PASSWORDS.u1!)
    await host.security.passwords.set(ivan.id, PASSWORDS.u1!)
    await host.security.users.disable(ivan.id)
  })
  after(() => host.close())
  beforeEach(async () => {
    host.clock.advance(16 * 60_000)
    for (const { id } of [ada, grace]) await host.security.passwords.set(id, PASSWORDS[id]!)
  })
  afterEach(() => assert.deepEqual(host.errors, []))

  const events = async (action: string) => {
    const db = await openDatabase(host.database)
    try {
      return await db
        .selectFrom('security_audit_events')
        .selectAll()
        .where('action', '=', action)
        .orderBy('occurred_at')
        .execute()
    } finally {
      await db.destroy()
    }
  }
  /** All mails but the notices. */
  const links = () => box.mails.filter((mail) => kindOf(mail))
  const isDead = async (link: string) => {
    const page = await open(host.browser(), link)
    assert.equal(page.$('form[action$="/reset-password"]').length, page.status === 200 ? 1 : 0)
    return page.status === 410
  }

  describe('asking', () => {
    it('the sign-in page leads there, and back', async () => {
      const browser = host.browser()
      const page = await browser.visit(`${BASE}/sign-in`)
      assert.equal(page.$('a[href$="/forgot-password"]').text(), 'Forgot your password?')
      const asks = await browser.visit(`${BASE}/forgot-password`)
      assert.equal(asks.$('input[name=email]').attr('autocomplete'), 'username')
      assert.equal(asks.$('a[href$="/sign-in"]').length, 1)
    })

    it('status, bytes and headers are the same for everybody; mail goes to those alone who have an account', async () => {
      const before = links().length
      const answers = new Set<string>()
      for (const email of [ada.email, tove.email, 'nobody@acme.test', dora.email, ivan.email]) {
        const browser = host.browser()
        const page = await forgot(host, email, browser)
        const sent = await browser.follow(page)
        const headers = Object.entries(page.response.headers).filter(([name]) => name !== 'date')
        answers.add(JSON.stringify([page.status, headers, page.bytes, sent.status, sent.bytes]))
        assert.match(sent.text, /If there is an account with that address/)
      }
      assert.equal(answers.size, 1, [...answers].join('\n'))
      await until('two mails', () => links().length >= before + 2, 4_000)
      await host.clock.sleep(600) // nothing comes after it
      const mails = links()
        .slice(before)
        .map((mail) => `${kindOf(mail)} ${mail.to}`)
      assert.deepEqual(mails.toSorted(), [`reset ${ada.email}`, `sso ${tove.email}`])
    })

    it('a script is told the same, and neither of them the address of anybody', async () => {
      const browser = host.browser()
      const { csrfToken } = (await browser.json(`${BASE}/forgot-password`)).json
      for (const email of [ada.email, 'nobody@acme.test']) {
        const answer = await browser.json(`${BASE}/forgot-password`, { email, csrfToken })
        assert.deepEqual([answer.status, answer.json], [200, { ok: true }])
      }
      const empty = await browser.json(`${BASE}/forgot-password`, { email: ' ', csrfToken })
      assert.deepEqual([empty.status, empty.json.fields], [422, { email: ['required'] }])
      const other = await forgot(host, '')
      assert.equal(other.errorsUnder('email').length, 1)
    })

    it('five minutes pass between two mails to one address, in whatever letters it is typed', async () => {
      const first = await resetLink(host, box, ada)
      const { length } = linksTo(box, ada)
      for (const email of [ada.email, ' ADA@acme.test ']) await forgot(host, email)
      await host.clock.sleep(600)
      assert.equal(linksTo(box, ada).length, length)
      assert.equal(await isDead(first), false)
      await resetLink(host, box, ada)
      assert.equal(await isDead(first), true)
    })

    it('one network asks for twenty, and has to wait then, whatever it types', async () => {
      host.clock.advance(60 * 60_000)
      for (let i = 0; i < 20; i += 1) assert.equal((await forgot(host, `nobody${i}@acme.test`)).status, 303)
      for (const email of [ada.email, 'nobody@acme.test', tove.email])
        assert.equal((await forgot(host, email)).status, 429)
      host.clock.advance(16 * 60_000)
      assert.equal((await forgot(host, 'nobody@acme.test')).status, 303)
    })

    it('the link is on our origin, whatever the request says of its host', async () => {
      const browser = host.browser()
      const page = await browser.visit(`${BASE}/forgot-password`)
      const forged = {
        'X-Forwarded-Host': 'evil.example',
        'X-Forwarded-Proto': 'https',
        Forwarded: 'host=evil.example',
      }
      const path = await nextLink(host, box, ada, () =>
        browser.submit(page, '/forgot-password', { email: ada.email }, forged),
      )
      assert.match(path, /^\/security\/reset-password\?token=[\w-]{32}$/)
    })

    it('a form from elsewhere asks for nothing', async () => {
      const { length } = links()
      const page = await host.browser().post(`${BASE}/forgot-password`, { email: ada.email })
      assert.equal(page.status, 403)
      await host.clock.sleep(600)
      assert.equal(links().length, length)
    })
  })

  describe('the link', () => {
    it('opening it, by a scanner and again, changes nothing; its token is in no address and no referrer', async () => {
      const link = await resetLink(host, box, grace)
      const elsewhere = await signedIn(host, grace)
      const token = new URL(link, host.url).searchParams.get('token')!
      for (const method of ['head', 'get', 'get'] as const) {
        const moved = await supertest(host.url)[method](link).set('Accept', 'text/html')
        assert.equal(moved.status, 303)
        assert.equal(moved.headers.location, PAGE)
        assert.equal(moved.headers['referrer-policy'], 'no-referrer')
        assert.match(String(moved.headers['set-cookie']), /sallyport_reset=.*Path=\/security;.*HttpOnly; SameSite=Lax/)
      }
      const human = host.browser()
      const page = await open(human, link)
      assert.equal(page.status, 200)
      assert.ok(!page.response.text.includes(token))
      assert.equal(page.$('input[name=newPassword]').attr('autocomplete'), 'new-password')
      assert.equal(page.$('input[name=username]').attr('value'), grace.email)
      assert.equal(page.$('[data-sp-rules=sp-newPassword] li').length > 4, true)
      assert.ok(await elsewhere.isSignedIn())
      assert.equal((await choose(human, page, NEW)).status, 303)
    })

    it('a weak password, or one typed differently, is refused and leaves it good', async () => {
      const browser = host.browser()
      const page = await open(browser, await resetLink(host, box, grace))
      const weak = await choose(browser, page, 'short')
      assert.equal(weak.status, 422)
      assert.ok(weak.errorsUnder('newPassword').length > 1)
      const personal = await choose(browser, weak, 'Grace-Okafor-1234')
      assert.equal(personal.status, 422)
      const different = await choose(browser, weak, NEW, NEWER)
      assert.deepEqual([different.status, different.errorsUnder('confirmPassword').length], [422, 1])
      assert.equal((await browser.submit(page, '/reset-password', { newPassword: NEW })).status, 422)
      assert.equal((await choose(browser, different, NEW)).status, 303)
    })

    it('the new password ends every session, forgets devices, begins none, and works; the old one does not', async () => {
      const elsewhere = await signedIn(host, grace)
      const browser = host.browser()
      const done = await choose(browser, await open(browser, await resetLink(host, box, grace)), NEW)
      assert.deepEqual([done.status, done.location], [303, `${BASE}/sign-in`])
      assert.match((await browser.follow(done)).text, /Your new password is set/)
      assert.equal(await elsewhere.isSignedIn(), false)
      assert.equal(await browser.isSignedIn(), false)
      const db = await openDatabase(host.database)
      const known = await db.selectFrom('security_known_devices').where('user_id', '=', grace.id).selectAll().execute()
      await db.destroy()
      assert.deepEqual(known, [])
      assert.equal((await browser.signIn(grace, PASSWORDS.u2!)).status, 422)
      assert.equal((await browser.signIn(grace, NEW)).status, 303)
      const row = (await events('auth.password_reset')).at(-1)!
      assert.deepEqual([row.actor_id, JSON.parse(row.details)], [grace.id, { sessionsRevoked: 1, initial: false }])
      assert.equal((await events('auth.password_changed')).filter((each) => each.actor_type === 'user').length, 0)
    })

    it('is good for once: a second click says that the password is set, and how to go on', async () => {
      const link = await resetLink(host, box, grace)
      const [browser, other] = [host.browser(), host.browser()]
      const page = await open(browser, link)
      const twice = await open(other, link)
      assert.equal((await choose(browser, page, NEW)).status, 303)
      const second = await choose(other, twice, NEWER)
      assert.equal(second.status, 410)
      assert.match(second.text, /If you have just chosen a password with it, that password is set/)
      assert.equal(second.$('a[href$="/forgot-password"]').length, 1)
      assert.equal((await host.browser().signIn(grace, NEWER)).status, 422)
      assert.ok(await isDead(link))
    })

    it('is used by one of many forms at once; nothing is hashed for the others', async () => {
      const browser = host.browser()
      const page = await open(browser, await resetLink(host, box, grace))
      const statuses: number[] = []
      await Promise.all([1, 2, 3, 4].map(async () => statuses.push((await choose(browser, page, NEW)).status)))
      assert.deepEqual(statuses, [410, 410, 410, 303])
    })

    it('does not go round the second factor', async () => {
      const browser = await signedIn(host, ada)
      const app = await enrol(browser, host.clock)
      const fresh = host.browser()
      await choose(fresh, await open(fresh, await resetLink(host, box, ada)), NEW)
      const half = await fresh.signIn(ada, NEW)
      assert.deepEqual([half.status, half.location], [303, `${BASE}/two-factor`])
      assert.equal(await fresh.isSignedIn(), false)
      await fresh.submit(await fresh.follow(half), '/two-factor', { code: app.next() })
      assert.ok(await fresh.isSignedIn())
    })

    it('dies after an hour, with a password change, and when the account is disabled or gets another address', async () => {
      const late = await resetLink(host, box, grace)
      host.clock.advance(3_600_001)
      assert.ok(await isDead(late))

      const changed = await resetLink(host, box, grace)
      await host.security.passwords.set(grace.id, NEWER)
      assert.ok(await isDead(changed))

      const told = await resetLink(host, box, grace)
      await host.security.users.emailChanged(grace.id, 'grace@new.test')
      assert.ok(await isDead(told))
      assert.equal((await events('auth.email_changed')).length, 1)

      const untold = await resetLink(host, box, grace)
      const row = people.find(({ id }) => id === grace.id)!
      row.email = 'grace@new.test'
      assert.ok(await isDead(untold))
      row.email = grace.email
      assert.equal(await isDead(untold), false)

      const browser = host.browser()
      const page = await open(browser, untold)
      await host.security.users.disable(grace.id)
      assert.equal((await choose(browser, page, NEW)).status, 410)
      await host.security.users.enable(grace.id)
      assert.ok(await isDead(untold))
    })

    it('made up, cut short or put together otherwise it is none', async () => {
      const link = await resetLink(host, box, grace)
      const browser = host.browser()
      assert.equal((await open(browser, link)).status, 200)
      const flipped = link.slice(0, -1) + (link.endsWith('A') ? 'B' : 'A')
      const junk = ['x'.repeat(3000), '', '%00', 'a%0d%0aSet-Cookie:%20x=1'].map((each) => `${PAGE}?token=${each}`)
      for (const each of [`${PAGE}?token=a&token=b`, ...junk, flipped, `${PAGE}?token[]=a&token[]=b`]) {
        const opened = await browser.visit(each)
        const page = opened.status === 303 ? await browser.follow(opened) : opened
        assert.deepEqual([page.status, page.$('form[action$="/reset-password"]').length], [410, 0], each)
      }
      const script = await host.browser().json(PAGE)
      assert.deepEqual([script.status, script.json.code], [410, 'link_dead'])
      const forged = host.browser()
      const token = new URL(link, host.url).searchParams.get('token')!
      forged.setCookie(`sallyport_reset=${token}.99999999999999.${'A'.repeat(43)}; Path=/security`)
      assert.equal((await forged.visit(PAGE)).status, 410)
    })

    it('a form that comes from elsewhere, or has been open for too long, sets nothing', async () => {
      const browser = host.browser()
      const page = await open(browser, await resetLink(host, box, grace))
      const old = await browser.submit(page, '/reset-password', { csrfToken: 'old', newPassword: NEW })
      assert.equal(old.status, 403)
      assert.match(old.text, /open for too long/)
      assert.equal((await choose(browser, old, NEW)).status, 303)
    })
  })

  describe('invitations', () => {
    it('somebody whose account was made for them chooses a password within 72 hours', async () => {
      const link = await nextLink(host, box, tove, () => host.security.members.invite(tove.id))
      host.clock.advance(71 * 3_600_000)
      const browser = host.browser()
      const page = await open(browser, link)
      assert.match(page.text, /Choose your password/)
      assert.deepEqual(
        (await events('auth.invited')).map((row) => [row.user_id, row.actor_type]),
        [[tove.id, 'host']],
      )
      const newer = await nextLink(host, box, tove, () => forgot(host, tove.email))
      assert.equal(kindOf(linksTo(box, tove).at(-1)!), 'invitation', 'who is invited can ask for the link again')
      assert.ok(await isDead(link))
      assert.equal((await choose(browser, await open(browser, newer), NEW)).status, 303)
      assert.equal((await browser.signIn(tove, NEW)).status, 303)
      assert.deepEqual(JSON.parse((await events('auth.password_reset')).at(-1)!.details), {
        sessionsRevoked: 0,
        initial: true,
      })
    })

    it('the link dies after that, and nobody is invited who is not there or is disabled', async () => {
      const link = await nextLink(host, box, tove, () => host.security.members.invite(tove.id))
      host.clock.advance(72 * 3_600_000 + 1)
      assert.ok(await isDead(link))
      await assert.rejects(host.security.members.invite('nobody'), { code: 'not_found' })
      for (const { id } of [dora, ivan]) await assert.rejects(host.security.members.invite(id), { code: 'forbidden' })
    })
  })
})

describe('Forgot password, where no link could be sent or used', () => {
  for (const [why, options, says] of [
    ['without mail', {}, /write mail/],
    [
      'where your table keeps the passwords',
      { mail: NO_MAIL_SERVER, passwords: { changePath: '/password' } },
      /in your own table/,
    ],
  ] as const)
    it(`${why} there is no such page, and no link to it`, async () => {
      const host = await startHost(options)
      try {
        const browser = host.browser()
        const page = await browser.visit(`${BASE}/sign-in`)
        assert.equal(page.$('a[href$="/forgot-password"]').length, 0)
        for (const path of ['/forgot-password', '/reset-password'])
          assert.equal((await browser.visit(BASE + path)).status, 404)
        await assert.rejects(host.security.members.invite(ada.id), says)
      } finally {
        await host.close()
      }
    })
})
