import assert from 'node:assert/strict'
import type { Email } from 'postal-mime'
import type { Mail } from 'sallyport'
import { Envelopes } from '../../src/core/envelope.js'
import { NO_ORIGIN } from '../../src/core/events.js'
import { addressOf } from '../../src/features/notices/addresses.js'
import { Outbox } from '../../src/features/notices/outbox.js'
import { openTransport } from '../../src/features/notices/transport.js'
import { envelopeKeys } from '../../src/key-configuration.js'
import { openDatabase, type Database } from '../../src/stores/sql/database.js'
import { signedIn } from '../features/step-up-people.js'
import { BASE } from '../support/browser.js'
import { until } from '../support/clock.js'
import { ada, grace, PASSWORDS, SECRET, startHost, type Host, type HostOptions } from '../support/host.js'
import { startMailServer, type MailServer } from '../support/mail-server.js'
import { freePort } from '../support/services.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NEW = 'Quartz-Ribbon-64-Lake'
const POLLED = 5_000

describe('The outbox', function () {
  this.timeout(30_000)
  let server: MailServer
  let host: Host
  let db: Database

  beforeEach(async () => void (server = await startMailServer()))
  afterEach(async () => {
    await db?.destroy()
    await host?.close()
    await server.close()
  })

  const start = async (options: HostOptions = {}) => {
    host = await startHost({ productName: 'Ledgerly', mail: server.url, ...options })
    db = await openDatabase(host.database)
  }
  const rows = () => db.selectFrom('security_outbox').selectAll().orderBy('created_at').execute()
  const arrived = async (count: number): Promise<Email[]> => {
    await until(`${count} mails`, () => server.mails.length >= count, POLLED)
    assert.equal(server.mails.length, count)
    return server.mails
  }
  const failed = (times: number) =>
    until(
      `${times} failures`,
      async () => (await rows()).some((row) => row.attempts === times && row.failure !== null),
      POLLED,
    )
  /** A row that is taken again keeps the failure of the time before: without it, the next one shows. */
  const later = async (ms: number) => {
    await db.updateTable('security_outbox').set({ failure: null }).execute()
    host.clock.advance(ms)
  }
  let changes = 0
  const somethingHappens = () => host.security.passwords.set(ada.id, `${NEW}-${(changes += 1)}`)

  it('brings a mail to a real server: both parts, its headers, one recipient', async () => {
    await start({ mailFrom: 'no-reply@acme.test', productName: 'Lédger "ly"' })
    await somethingHappens()
    const [mail] = await arrived(1)
    assert.deepEqual(mail!.from, { address: 'no-reply@acme.test', name: 'Lédger "ly"' })
    assert.deepEqual(mail!.to, [{ address: ada.email, name: '' }])
    assert.deepEqual(server.recipients, [[ada.email]])
    assert.equal(mail!.subject, 'Your Lédger "ly" password was changed')
    assert.match(mail!.text!, /This wasn't me:\nhttp:\/\/localhost/)
    assert.match(mail!.html!, /<meta name="color-scheme" content="light dark"/)
    const [row] = await rows()
    assert.equal(mail!.messageId, `<${row!.id}@localhost>`)
    const header = (key: string) => mail!.headers.find((each) => each.key === key)?.value
    assert.equal(header('auto-submitted'), 'auto-generated')
    for (const line of server.raw[0]!.split('\r\n')) assert.ok(line.length <= 998, 'RFC 5322, 2.1.1')
  })

  it('keeps what it says in an envelope, and nothing of it after it was sent', async () => {
    await start()
    server.behaves('refuses')
    await somethingHappens()
    await failed(1)
    const [waiting] = await rows()
    assert.match(waiting!.content!, /^v1\.[a-z0-9-]+\.[\w-]+$/)
    assert.deepEqual([waiting!.user_id, waiting!.kind, waiting!.sent_at], [ada.id, 'password_changed', null])
    assert.match(waiting!.failure!, /mailbox full/)
    server.behaves('takes')
    host.clock.advance(31_000)
    await arrived(1)
    await until('it is marked', async () => (await rows())[0]!.sent_at !== null)
    const [sent] = await rows()
    assert.deepEqual([sent!.content, sent!.due_at, sent!.failure], [null, null, null])
    assert.ok(Math.abs(sent!.sent_at! - host.clock.now()) < 10_000)
  })

  it('tries again with the same Message-ID and the same words; tells of the outage once', async () => {
    const sent: Mail[] = []
    await start({
      mail: (mail) => {
        sent.push(mail)
        throw new Error('the server is away')
      },
    })
    await somethingHappens()
    for (let i = 1; i <= 3; i += 1) {
      await failed(i)
      await later(HOUR)
    }
    assert.equal(new Set(sent.map(({ messageId }) => messageId)).size, 1)
    assert.equal(new Set(sent.map(({ text }) => text)).size, 1)
    assert.deepEqual(host.errors.map(String), ['Error: the server is away'])
  })

  const outboxOf = ({ clock }: Host) =>
    new Outbox({
      db,
      clock,
      envelopes: new Envelopes(envelopeKeys(undefined, [SECRET])),
      enabled: true,
      isNoticeOn: () => true,
    })

  it('waits 30 seconds, 1, 2, 4 ... 60 minutes; forgets after thirty days what was sent, and not what was not', async () => {
    await start({ mail: undefined })
    const { clock } = host
    const outbox = outboxOf(host)
    const order = { kind: 'new_device', occurredAt: 0, origin: NO_ORIGIN } as const
    const write = (userId: string) => db.transaction().execute((tx) => outbox.write(tx, { ...order, userId }))
    await write('u1')
    const waits: number[] = []
    for (let i = 1; i <= 9; i += 1) {
      const claimed = await outbox.claim()
      assert.equal(claimed?.attempts, i)
      assert.deepEqual(outbox.open(claimed), { ...order, userId: 'u1' })
      assert.equal(await outbox.claim(), null, 'nobody else gets it meanwhile')
      await outbox.failed(claimed, 'away')
      const wait = (await rows())[0]!.due_at! - clock.now()
      waits.push(Math.ceil(wait / 30_000) / 2)
      clock.advance(wait + 1_000)
    }
    assert.deepEqual(waits, [0.5, 1, 2, 4, 8, 16, 32, 60, 60])
    clock.advance(DAY)
    await outbox.failed((await outbox.claim())!, 'away')
    await write('u2')
    await outbox.done((await outbox.claim())!)
    await write('u3')
    await outbox.giveUp((await outbox.claim())!, 'nobody')
    await db.transaction().execute((tx) => outbox.write(tx, { ...order, kind: 'invitation_link', userId: 'u4' }))
    await outbox.giveUp((await outbox.claim())!, 'tried for a day')
    await db.updateTable('security_outbox').set({ content: 'the link' }).where('user_id', '=', 'u4').execute()
    const stillThere = async () => (await rows()).map((row) => row.user_id)
    clock.advance(29 * DAY)
    await outbox.prune()
    assert.deepEqual(await stillThere(), ['u1', 'u2', 'u3', 'u4'])
    assert.equal((await rows()).find((row) => row.user_id === 'u4')!.content, null, 'a link that is good no more')
    clock.advance(2 * DAY)
    await outbox.prune()
    assert.deepEqual(await stillThere(), ['u1'])
  })

  it('what another process has taken over meanwhile is not put back by the one that was too late', async () => {
    await start({ mail: undefined })
    const { clock } = host
    const outbox = outboxOf(host)
    const order = { kind: 'new_device', occurredAt: 0, origin: NO_ORIGIN, userId: 'u1' } as const
    await db.transaction().execute((tx) => outbox.write(tx, order))
    const late = await outbox.claim()
    clock.advance(MINUTE + 1_000)
    const other = await outbox.claim()
    assert.deepEqual([other?.id, other?.attempts], [late?.id, 2])
    const { due_at: due } = (await rows())[0]!
    await outbox.failed(late!, 'too late')
    assert.deepEqual([(await rows())[0]!.due_at, (await rows())[0]!.failure], [due, null])
    await outbox.done(other!)
    await outbox.failed(other!, 'too late')
    assert.equal((await rows())[0]!.due_at, null)
  })

  it('keeps a mail that could not be sent for a day, and tries it no more', async () => {
    await start({ mail: () => Promise.reject(new Error('no route, token=abcdefghijklmnopqrstuvwxyz0123')) })
    await somethingHappens()
    await failed(1)
    await later(DAY)
    await failed(2)
    const [row] = await rows()
    assert.equal(row!.due_at, null)
    assert.ok(row!.content)
    assert.equal(row!.failure, 'no route, token=...', 'what may be a secret is not written down in the clear')
  })

  it('no request is slowed while the server hangs; the app ends at once all the same', async () => {
    await start()
    const browser = await signedIn(host, ada)
    server.behaves('hangs')
    for (let i = 0; i < 8; i += 1) await host.security.passwords.set(grace.id, `${NEW}-g${i}`)
    await until('the server hangs', () => server.attempts >= 4, POLLED)
    const page = await browser.visit(`${BASE}/`)
    const form = { currentPassword: PASSWORDS.u1!, newPassword: NEW, confirmPassword: NEW }
    const began = performance.now()
    assert.equal((await browser.submit(page, '/password', form)).status, 303)
    assert.ok(performance.now() - began < 1_500, `${performance.now() - began} ms`)
    assert.equal(server.attempts, 4, 'no more than four at a time are held up')
    const ends = performance.now()
    await db.destroy()
    await host.close()
    assert.ok(performance.now() - ends < 4_000, `${performance.now() - ends} ms`)
  })

  it('a server that hangs, and a function that does, have their time; then the connection is broken off', async () => {
    await start({ mail: undefined })
    const mail = {
      to: 'a@b.test',
      from: 'c@d.test',
      subject: '',
      text: '',
      html: '',
      messageId: '<1@d.test>',
      headers: {},
    }
    server.behaves('hangs')
    const smtp = await openTransport(server.url)
    await assert.rejects(smtp.send(mail, 300), /not taken in time/)
    await until('nobody is connected', () => server.connections === 0)
    const atHost = await openTransport(() => new Promise<void>(() => {}))
    await assert.rejects(atHost.send(mail, 20), /not taken in time/)
    const throwing = await openTransport(() => {
      throw new Error('at once')
    })
    await assert.rejects(throwing.send(mail, 1_000), /at once/)
    const late = smtp.send(mail, 10_000)
    await until('it is being sent', () => server.attempts === 2)
    smtp.close()
    await assert.rejects(late)
  })

  it('a server that is away is back when it is back', async () => {
    const port = await freePort()
    await start({ mail: `smtp://127.0.0.1:${port}` })
    await somethingHappens()
    await failed(1)
    const other = await startMailServer(port)
    host.clock.advance(31_000)
    await until('the mail', () => other.mails.length === 1, POLLED)
    await other.close()
  })

  it('a user who is gone, or has no usable address, gets none; nothing is tried again', async () => {
    const people = [{ ...ada, email: 'ada@acme.test, eve@evil.test' }]
    await start({ people })
    await somethingHappens()
    await until('it is given up', async () => (await rows())[0]?.failure != null, POLLED)
    const [row] = await rows()
    assert.equal(row!.failure, 'the user is gone, or has no usable e-mail address')
    assert.deepEqual([row!.content, row!.due_at, row!.sent_at], [null, null, null])
    assert.deepEqual([server.attempts, host.errors], [0, []])
  })

  it('takes for an address what is one, and nothing that would be two, or a header', () => {
    for (const email of ['ada@acme.test', "o'hara+tag@sub.acme.test", 'jörg@bücher.test', 'a@[192.0.2.1]'])
      assert.equal(addressOf(email), email)
    const others = [
      '',
      'ada',
      'a@b@c',
      'a@b.test, c@d.test',
      'a@b.test\r\nBcc: c@d.test',
      'Ada <a@b.test>',
      'a@b.test;',
      '@b',
    ]
    for (const email of [...others, null, undefined, 7, { address: 'a@b.test' }, `${'a'.repeat(250)}@b.test`])
      assert.equal(addressOf(email), null, JSON.stringify(email))
  })

  it('a change that cannot be told of does not happen', async () => {
    await start()
    const browser = await signedIn(host, ada)
    const page = await browser.visit(`${BASE}/`)
    await db.schema.alterTable('security_outbox').renameTo('elsewhere').execute()
    const form = { currentPassword: PASSWORDS.u1!, newPassword: NEW, confirmPassword: NEW }
    assert.ok((await browser.submit(page, '/password', form)).status >= 500)
    await db.schema.alterTable('elsewhere').renameTo('security_outbox').execute()
    assert.equal((await host.browser().signIn(ada, NEW)).status, 422)
    assert.equal((await host.browser().signIn(ada, PASSWORDS.u1!)).status, 303)
  })

  it('goes on when the database was away', async () => {
    await start()
    await db.schema.alterTable('security_outbox').renameTo('elsewhere').execute()
    await until('it is told', () => host.errors.length > 0, POLLED)
    await new Promise((next) => setImmediate(next))
    await db.schema.alterTable('elsewhere').renameTo('security_outbox').execute()
    await somethingHappens()
    await arrived(1)
    assert.equal(host.errors.length, 1, 'told once')
  })
})
