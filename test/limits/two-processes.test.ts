import assert from 'node:assert/strict'
import { openDatabase } from '../../src/stores/sql/database.js'
import { until } from '../support/clock.js'
import { PASSWORD } from './people.js'
import { startLimitsHosts, type Hosts } from './start-hosts.js'
import { Wire } from './wire.js'

const GUESSES = 32

describe('Two processes on one database', function () {
  this.timeout(60_000)
  let hosts: Hosts
  let wires: Wire[] = []
  before(async () => {
    hosts = await startLimitsHosts(2, { standsStillAt: Date.now() })
    wires = connect()
  })
  after(async () => {
    for (const wire of wires) wire.close()
    await hosts?.close()
  })

  const connect = () => hosts.processes.map(({ url }) => new Wire(Number(new URL(url).port), GUESSES))

  /** All at once, by turns on both, each from a network of its own unless told. */
  async function guesses(email: string, passwords: string[], from = (i: number) => `198.51.100.${i}`) {
    const visitors = await Promise.all(wires.map((wire) => wire.visitor()))
    const replies = await Promise.all(
      passwords.map((password, i) => {
        const { cookie, csrfToken } = visitors[i % 2]!
        const headers = { cookie, accept: 'application/json', 'x-forwarded-for': from(i) }
        return wires[i % 2]!.send('/security/sign-in', headers, { csrfToken, email, password })
      }),
    )
    return replies.map((reply) => reply.status)
  }
  const wrong = (count: number) => Array.from({ length: count }, (_, i) => `Wrong-Guess-${i}`)
  const count = (statuses: number[], status: number) => statuses.filter((each) => each === status).length

  async function failuresInTheLog(): Promise<number> {
    const db = await openDatabase(hosts.database)
    try {
      const rows = await db.selectFrom('security_audit_events').select('details').execute()
      return rows.filter((row) => row.details === '{"reason":"invalid_credentials"}').length
    } finally {
      await db.destroy()
    }
  }

  for (const [who, email] of [
    ['one account', 'ada@limits.test'],
    ['an account that there is not', 'nobody@limits.test'],
  ] as const)
    it(`of ${GUESSES} guesses at ${who} in one moment exactly five are verified`, async () => {
      const before = await failuresInTheLog()
      const statuses = await guesses(email, wrong(GUESSES))
      assert.deepEqual([count(statuses, 422), count(statuses, 429)], [5, GUESSES - 5], statuses.join())
      await until('they are written down', async () => (await failuresInTheLog()) === before + 5)
    })

  it('the account has to wait on both, and after kill -9 and a restart of both as well', async () => {
    for (const again of [false, true]) {
      if (again) {
        await hosts.restart()
        for (const wire of wires) wire.close()
        wires = connect()
      }
      assert.deepEqual(await guesses('ada@limits.test', [PASSWORD, PASSWORD]), [429, 429])
      assert.deepEqual(await guesses('grace@limits.test', [PASSWORD]), [200])
    }
    await Promise.all(hosts.processes.map((each) => each.advance(1_000)))
    const statuses = await guesses('ada@limits.test', wrong(8))
    assert.deepEqual([count(statuses, 422), count(statuses, 429)], [1, 7], 'the sixth, and then a wait of two seconds')
    await Promise.all(hosts.processes.map((each) => each.advance(2_000)))
    assert.deepEqual(await guesses('ada@limits.test', [PASSWORD]), [200])
  })

  it('sign-ins of many at once give back what they took, whoever wins', async () => {
    const statuses = await guesses('grace@limits.test', Array<string>(5).fill(PASSWORD))
    assert.deepEqual(count(statuses, 200), 5, statuses.join())
    assert.equal(count(await guesses('grace@limits.test', wrong(12)), 422), 5)
  })

  it('one network has fifty, on both together', async () => {
    const email = (i: number) => `spray${i}@limits.test`
    const statuses: number[] = []
    const visitors = await Promise.all(wires.map((wire) => wire.visitor()))
    for (let i = 0; i < 60; i += 10) {
      const tries = Array.from({ length: 10 }, (_, j) => {
        const { cookie, csrfToken } = visitors[j % 2]!
        const headers = { cookie, accept: 'application/json', 'x-forwarded-for': '203.0.113.5' }
        return wires[j % 2]!.send('/security/sign-in', headers, { csrfToken, email: email(i + j), password: 'Wrong-1' })
      })
      statuses.push(...(await Promise.all(tries)).map((reply) => reply.status))
    }
    assert.deepEqual([count(statuses, 422), count(statuses, 429)], [50, 10])
  })
})
