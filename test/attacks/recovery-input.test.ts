import assert from 'node:assert/strict'
import { openDatabase } from '../../src/stores/sql/database.js'
import { BASE } from '../support/browser.js'
import { StillClock, until } from '../support/clock.js'
import { ada, startHost, type Host, type HostOptions, type Person } from '../support/host.js'
import { Mailbox } from '../support/mails.js'
import { forgot, kindOf, linksTo, nextLink } from '../features/reset-people.js'
import { LEGACY_HASHES } from '../features/legacy-hashes.js'
import { signedIn } from '../features/step-up-people.js'

/** More than a request after the answer takes. */
const SETTLED_MS = 900

describe('What others hand to the way back into an account: hashes, answers, addresses, headers', function () {
  this.timeout(30_000)
  let box: Mailbox
  let host: Host

  const start = async (options: HostOptions = {}) => {
    box = new Mailbox()
    host = await startHost({ mail: box.send, clock: new StillClock(), ...options })
  }
  afterEach(() => host?.close())

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
