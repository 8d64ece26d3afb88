import assert from 'node:assert/strict'
import { Envelopes } from '../../src/core/envelope.js'
import { NO_ORIGIN } from '../../src/core/events.js'
import { systemClock } from '../../src/core/clock.js'
import { Outbox } from '../../src/features/notices/outbox.js'
import { envelopeKeys } from '../../src/key-configuration.js'
import { openDatabase } from '../../src/stores/sql/database.js'
import { until } from '../support/clock.js'
import { newDatabase, SECRET } from '../support/host.js'
import { startMailServer, type MailServer } from '../support/mail-server.js'
import { startProcess, startProcesses, stopAll, type HostProcess } from '../support/process.js'
import { freePort } from '../support/services.js'
import type { NoticesSettings } from './host-process.js'

const PROGRAM = new URL('./host-process.js', import.meta.url)
const MAILS = 200

describe('Mails of several processes', function () {
  this.timeout(60_000)
  let server: MailServer
  let database: Awaited<ReturnType<typeof newDatabase>>
  let running: HostProcess[]

  beforeEach(async () => {
    server = await startMailServer()
    database = await newDatabase()
    running = []
  })
  afterEach(async () => {
    await stopAll(running)
    await server.close()
    await database.drop()
  })

  const settings = async (): Promise<NoticesSettings> => ({
    port: await freePort(),
    database: database.url,
    mail: server.url,
  })
  const setPassword = async (host: HostProcess, password: string) => {
    const { status } = await fetch(`${host.url}/passwords/${password}`, { method: 'POST' })
    assert.equal(status, 200)
  }

  it(`are sent once each: ${MAILS}, by two processes at once`, async () => {
    running = await startProcesses(PROGRAM, [await settings(), await settings()])
    const db = await openDatabase(database.url)
    const envelopes = new Envelopes(envelopeKeys(undefined, [SECRET]))
    const outbox = new Outbox({ db, clock: systemClock, envelopes, enabled: true, isNoticeOn: () => true })
    const order = { kind: 'passkey_added', occurredAt: Date.now(), origin: NO_ORIGIN } as const
    await db.transaction().execute(async (tx) => {
      for (let i = 0; i < MAILS; i += 1)
        await outbox.write(tx, { ...order, userId: `u${i}`, params: { passkey: `number ${i}` } })
    })
    await until('all mails', () => server.mails.length >= MAILS, 40_000)
    await until(
      'all are marked',
      async () => {
        const left = await db.selectFrom('security_outbox').select('id').where('sent_at', 'is', null).execute()
        return left.length === 0
      },
      5_000,
    )
    await db.destroy()
    const ids = new Set(server.mails.map(({ messageId }) => messageId))
    const to = new Set(server.recipients.map(([address]) => address))
    assert.deepEqual([server.mails.length, ids.size, to.size], [MAILS, MAILS, MAILS])
    for (const [i, mail] of server.mails.entries()) {
      const number = /^u(\d+)@/.exec(server.recipients[i]![0]!)?.[1]
      assert.match(mail.text!, new RegExp(`“number ${number}”`), 'nobody gets the mail of another')
    }
    assert.deepEqual(
      running.flatMap(({ errors }) => errors),
      [],
    )
  })

  it('are not lost when their process is killed between the change and the sending', async () => {
    const first = await startProcess(PROGRAM, await settings())
    running.push(first)
    await setPassword(first, 'Correct-Horse-7-Battery')
    server.behaves('hangs')
    await setPassword(first, 'Quartz-Ribbon-64-Lake')
    await until('it is being sent', () => server.attempts === 1, 5_000)
    await first.stop()
    server.behaves('takes')
    const second = await startProcess(PROGRAM, await settings())
    running.push(second)
    await second.advance(61_000)
    await until('the mail', () => server.mails.length === 1, 10_000)
    assert.equal(server.mails[0]!.subject, 'Your localhost password was changed')
    assert.deepEqual(server.recipients, [['u1@acme.test']])
  })
})
