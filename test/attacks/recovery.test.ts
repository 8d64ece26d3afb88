import assert from 'node:assert/strict'
import { NotMeLinks } from '../../src/features/notices/not-me.js'
import { openDatabase } from '../../src/stores/sql/database.js'
import { BASE, FIREFOX, type Browser, type Page } from '../support/browser.js'
import { StillClock, until } from '../support/clock.js'
import { ada, grace, PASSWORDS, SECRET, startHost, type Host, type HostOptions, type Person } from '../support/host.js'
import { Mailbox } from '../support/mails.js'
import { choose, forgot, kindOf, linksTo, nextLink, open, resetLink } from '../features/reset-people.js'
import { LEGACY_HASHES } from '../features/legacy-hashes.js'
import { signedIn } from '../features/step-up-people.js'

const NEW = 'Silver-Anchor-29-Field'
const THIEFS = 'Rusty-Crowbar-51-Alley'
/** More than a request after the answer takes. */
const SETTLED_MS = 900

describe('Somebody is after an account by the way back into it', function () {
  this.timeout(30_000)
  let box: Mailbox
  let host: Host

  const start = async (options: HostOptions = {}) => {
    box = new Mailbox()
    host = await startHost({ mail: box.send, clock: new StillClock(), ...options })
  }
  afterEach(() => host?.close())

  const notMeLink = ({ id }: Person) =>
    `${BASE}/not-me?token=${encodeURIComponent(new NotMeLinks([SECRET], host.clock).sign(id, host.clock.now()))}`
  const disown = async (browser: Browser, link: string): Promise<Page> =>
    browser.submit(await open(browser, link), '/not-me')

  describe('asking in the place of its owner', () => {
    for (const [how, typed] of [
      ['in capitals', 'ADA@acme.test'],
      ['in full-width letters', '\uff41da@acme.test'],
    ] as const)
      it(`an address ${how}, which finds nobody, does not use up the mail of who it looks like`, async () => {
        await start()
        await forgot(host, typed)
        await host.clock.sleep(SETTLED_MS)
        assert.equal(linksTo(box, ada).length, 0)
        await nextLink(host, box, ada, () => forgot(host, ada.email))
      })

    it('no other spelling gets a second mail, where the host finds them by any', async () => {
      const findByEmail = (email: string) => (email.toLowerCase() === ada.email ? ada : null)
      await start({ people: [ada], users: { findById: (id) => (id === ada.id ? ada : null), findByEmail } })
      await nextLink(host, box, ada, () => forgot(host, ada.email))
      const { length } = linksTo(box, ada)
      for (const typed of ['ADA@acme.test', 'Ada@Acme.test']) await forgot(host, typed)
      await host.clock.sleep(SETTLED_MS)
      assert.equal(linksTo(box, ada).length, length)
    })
  })

  describe('knowing the password, after "This wasn\'t me"', () => {
    it('does not come in again with it', async () => {
      await start()
      await signedIn(host, ada)
      await disown(host.browser(), notMeLink(ada))
      const thief = host.browser(FIREFOX)
      await thief.signIn(ada, PASSWORDS.u1!)
      assert.equal(await thief.isSignedIn(), false)
    })

    it('does not kill the link that its owner was sent', async () => {
      await start()
      await signedIn(host, ada)
      const link = await nextLink(host, box, ada, () => disown(host.browser(), notMeLink(ada)))
      const thief = host.browser(FIREFOX)
      await thief.signIn(ada, PASSWORDS.u1!)
      const page = await thief.visit(`${BASE}/`)
      if (page.status === 200)
        await thief.submit(page, '/password', {
          currentPassword: PASSWORDS.u1!,
          newPassword: THIEFS,
          confirmPassword: THIEFS,
        })
      assert.equal((await open(host.browser(), link)).status, 200)
    })

    it('or, if so, not without a word to its owner', async () => {
      await start()
      await signedIn(host, ada)
      await nextLink(host, box, ada, () => disown(host.browser(), notMeLink(ada)))
      const before = box.to(ada.email).length
      const thief = host.browser(FIREFOX)
      await thief.signIn(ada, PASSWORDS.u1!)
      if (!(await thief.isSignedIn())) return
      await until('a notice', () => box.to(ada.email).length > before, 4_000)
    })
  })

  describe('with a mail that was for its owner', () => {
    it('the link of a notice does nothing any more once its owner has chosen a new password', async () => {
      await start()
      const notice = notMeLink(ada)
      const owner = host.browser()
      const link = await nextLink(host, box, ada, () => disown(owner, notice))
      host.clock.advance(1)
      await choose(owner, await open(owner, link), NEW)
      assert.equal((await owner.signIn(ada, NEW)).status, 303)
      host.clock.advance(86_400_000)
      const reader = host.browser(FIREFOX)
      const page = await open(reader, notice)
      if (page.status === 200) await reader.submit(page, '/not-me')
      assert.equal(await owner.isSignedIn(), true)
    })
  })

  it('a session alone, stolen, does not keep its owner from choosing a new password', async () => {
    await start()
    const thief = await signedIn(host, ada)
    const page = await thief.visit(`${BASE}/sessions`)
    const owner = host.browser()
    const link = await nextLink(host, box, ada, () => disown(owner, notMeLink(ada)))
    await thief.submit(page, '/sessions/revoke-others').catch(() => null)
    assert.equal(await thief.isSignedIn(), false)
    assert.equal((await choose(owner, await open(owner, link), NEW)).status, 303)
  })

  describe('with a link of their own', () => {
    it('planted while a form is open: the form changes the account that it names, or none', async () => {
      await start()
      const victim = host.browser()
      const form = await open(victim, await resetLink(host, box, ada))
      await victim.visit(await resetLink(host, box, grace)) // another page has led the browser there
      const done = await choose(victim, form, NEW)
      assert.notEqual(done.status, 303)
      assert.equal((await host.browser().signIn(grace, PASSWORDS.u2!)).status, 303)
    })

    it('planted while "This wasn\'t me" is open: the button is for the account that its page names, or none', async () => {
      await start()
      const [victim, elsewhere] = [host.browser(), await signedIn(host, grace)]
      const form = await open(victim, notMeLink(ada))
      await victim.visit(notMeLink(grace))
      await victim.submit(form, '/not-me')
      assert.equal(await elsewhere.isSignedIn(), true)
    })
  })

  describe('of an old table', () => {
    const old = (hash: string): HostOptions => {
      const people: Person[] = [{ id: 'u21', email: 'nils@acme.test', name: 'Nils Ahlgren' }, ada]
      return {
        people,
        users: {
          findById: (id) => people.find((person) => person.id === id) ?? null,
          findByEmail: (email) => people.find((person) => person.email === email) ?? null,
          legacyPassword: (userId) => (userId === 'u21' ? hash : null),
        } satisfies HostOptions['users'],
      }
    }
    const nils = { id: 'u21', email: 'nils@acme.test', name: 'Nils Ahlgren' }

    it('who has forgotten the old password is sent a link, and told of the new one', async () => {
      await start(old(LEGACY_HASHES['bcrypt 2b']!))
      await forgot(host, nils.email)
      await until('a mail', () => linksTo(box, nils).length > 0, 4_000)
      assert.deepEqual(linksTo(box, nils).map(kindOf), ['reset'])
    })

    for (const hash of [
      '$argon2id$v=19$m=16384,t=2,p=2$c2E$HUy1/YpWFU0G1/HTN/IR1xcrUjcy92zFKXYbERPDBWk',
      '$argon2id$v=99$m=16384,t=2,p=2$N4qoRdP44ht7ULKvWbB2Zg$HUy1/YpWFU0G1/HTN/IR1xcrUjcy92zFKXYbERPDBWk',
      '$argon2id$v=99999999999$m=16384,t=2,p=2$N4qoRdP44ht7ULKvWbB2Zg$HUy1/YpWFU0G1/HTN/IR1xcrUjcy92zFKXYbERPDBWk',
      '$argon2id$v=19$m=16384,t=2,p=2$N4qoRdP44ht7ULKvWbB2Z$HUy1/YpWFU0G1/HTN/IR1xcrUjcy92zFKXYbERPDBWk',
      'scrypt$65536$seasalt2$1$1$08YwkuoX0nAHnQ5hOvUFTSRIY78BpgG7rJtX+TqAU+s=',
      '$2b$08$zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz',
    ])
      it(`${hash.slice(0, 42)}..., which only looks like a hash, is a wrong password and no error`, async () => {
        await start(old(hash))
        assert.equal((await host.browser().signIn(nils, 'Wrong-Horse-7-Battery')).status, 422)
      })
  })

  it('an app that never answers who has an address does not keep the process from ending', async () => {
    let answer: (user: null) => void = () => {}
    await start({
      people: [ada],
      users: {
        findById: (id) => (id === ada.id ? ada : null),
        findByEmail: () => new Promise<null>((answers) => void (answer = answers)),
      } satisfies HostOptions['users'],
    })
    await forgot(host, ada.email)
    await host.clock.sleep(SETTLED_MS)
    const closing = host.security.close().then(() => true)
    const ended = await Promise.race([closing, host.clock.sleep(12_000).then(() => false)])
    answer(null)
    assert.equal(ended, true)
  })

  it('a link whose hour is over while the mail server is away is sent no more, and kept no more', async () => {
    let away = true
    box = new Mailbox()
    host = await startHost({
      clock: new StillClock(),
      mail: (mail) => {
        if (away) throw new Error('the mail server is away')
        box.send(mail)
      },
    })
    const db = await openDatabase(host.database)
    const links = () => db.selectFrom('security_outbox').selectAll().where('kind', '=', 'reset_link').execute()
    try {
      await forgot(host, ada.email)
      await until('a failure', async () => (await links()).some(({ failure }) => failure !== null), 6_000)
      away = false
      host.clock.advance(3_600_001)
      await until('it is settled', async () => (await links()).every(({ content }) => content === null), 6_000)
      assert.equal(linksTo(box, ada).length, 0)
    } finally {
      await db.destroy()
    }
  })

  describe('by racing', () => {
    it('of one link in many browsers, "This wasn\'t me" and a newer request at the same moment, one thing stands', async () => {
      await start()
      const link = await resetLink(host, box, ada)
      const forms = await Promise.all(
        [1, 2, 3, 4].map(async () => {
          const browser = host.browser()
          return { browser, page: await open(browser, link) }
        }),
      )
      const owner = host.browser()
      const button = await open(owner, notMeLink(ada))
      host.clock.advance(300_001)
      const [answers] = await Promise.all([
        Promise.all(forms.map(({ browser, page }, i) => choose(browser, page, `${NEW}-${i}`))),
        owner.submit(button, '/not-me'),
        forgot(host, ada.email),
      ])
      const right = answers.filter(({ status }) => status === 303).length
      assert.ok(right <= 1, `${right} of one link`)
      for (const { status } of answers) assert.ok([303, 410].includes(status), String(status))
      assert.equal((await open(host.browser(), link)).status, 410)
    })
  })

  it('junk in every address and field answers no 5xx', async () => {
    await start()
    const browser = await signedIn(host, ada)
    const junk = [
      '%00',
      '%',
      '[]=1',
      `${'9'.repeat(15)}.${'z'.repeat(64)}`,
      '-1.a',
      '1.%2e',
      'constructor',
      '__proto__',
      '%ff',
    ]
    for (const each of junk)
      for (const [path, field] of [
        ['activity', 'cursor'],
        ['activity', 'newer'],
        ['activity', 'kind'],
        ['activity', 'within'],
        ['not-me', 'done'],
        ['not-me', 'token'],
        ['reset-password', 'token'],
        ['forgot-password', 'sent'],
      ]) {
        const page = await browser.visit(`${BASE}/${path}?${field}=${each}`)
        assert.ok(page.status < 500, `${path}?${field}=${each}: ${page.status}`)
      }
    const visitor = host.browser()
    const { csrfToken } = (await visitor.json(`${BASE}/forgot-password`)).json
    for (const email of [
      1,
      null,
      [],
      {},
      ['ada@acme.test'],
      '\0',
      '\ud800',
      'a'.repeat(321),
      'constructor',
      ' \u2028 ',
    ])
      for (const path of ['forgot-password', 'reset-password', 'not-me'])
        for (const body of [
          { email, csrfToken },
          { newPassword: email, confirmPassword: email, csrfToken },
        ]) {
          const answer = await visitor.json(`${BASE}/${path}`, body)
          assert.ok(answer.status < 500, `${path} ${JSON.stringify(body)}: ${answer.status}`)
        }
    await host.clock.sleep(SETTLED_MS)
    assert.deepEqual(host.errors, [])
  })

  it('a mail has one recipient and our headers, whatever the browser says that asked for it', async () => {
    await start()
    const browser = host.browser('x\u00e9 evil.example/1 <b>hi</b> Bcc: mallory@evil.example')
    await nextLink(host, box, ada, () => forgot(host, ada.email, browser))
    const mail = linksTo(box, ada).at(-1)!
    assert.doesNotMatch(JSON.stringify([mail.subject, mail.to, mail.from, mail.headers]), /evil/)
    assert.doesNotMatch(mail.html, /<b>hi|href="[^"]*evil/)
    assert.doesNotMatch(mail.text, /evil\.example/)
  })
})
