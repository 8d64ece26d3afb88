import assert from 'node:assert/strict'
import { openDatabase } from '../../src/stores/sql/database.js'
import { PASSWORD } from '../limits/people.js'
import { startLimitsHosts, type Hosts } from '../limits/start-hosts.js'
import { Wire } from '../limits/wire.js'
import { Authenticator } from '../support/passkey-authenticator.js'
import { BASE, Browser } from '../support/browser.js'
import { askToSignIn, register, send } from '../support/passkeys.js'

/** The long run: PASSKEY_ROUNDS=200 */
const ROUNDS = Number(process.env.PASSKEY_ROUNDS ?? 20)
const USES = 32
const ORIGIN = 'http://localhost'
const HOUR = 3_600_000

describe(`One answer of a passkey, ${USES} times at once on two processes`, function () {
  this.timeout(60_000 + ROUNDS * 2_000)
  const authenticator = new Authenticator(ORIGIN) // counts nothing, like those that sync: the challenge alone decides
  let hosts: Hosts
  let wires: Wire[]
  before(async () => {
    hosts = await startLimitsHosts(2, {
      origin: ORIGIN,
      standsStillAt: Date.now(),
      options: { requestsPerMinute: 1_000_000 },
    })
    wires = hosts.processes.map(({ url }) => new Wire(Number(new URL(url).port), USES))
    const home = browser(0)
    await send(home, `${BASE}/sign-in`, { email: 'ada@limits.test', password: PASSWORD })
    assert.equal((await register(home, authenticator)).status, 201)
  })
  after(async () => {
    for (const wire of wires) wire.close()
    await hosts.close()
  })

  const browser = (process: number) => new Browser(hosts.processes[process]!.url)

  /** Everything that the answer to one challenge needs, to be sent any number of times. */
  async function answerOnce(process: number) {
    const asking = browser(process)
    const { json: options } = await askToSignIn(asking)
    const { csrfToken } = (await asking.json(`${BASE}/sign-in`)).json
    const cookie = asking
      .cookieNames()
      .map((name) => `${name}=${asking.cookie(name)}`)
      .join('; ')
    const form = { csrfToken: String(csrfToken), passkey: JSON.stringify(authenticator.get(options)) }
    return { headers: { cookie, accept: 'application/json' }, form }
  }

  async function counts() {
    const db = await openDatabase(hosts.database)
    try {
      const sessions = await db.selectFrom('security_sessions').select('public_id').execute()
      const events = await db
        .selectFrom('security_audit_events')
        .select('id')
        .where('action', '=', 'auth.sign_in_succeeded')
        .execute()
      return { sessions: sessions.length, events: events.length }
    } finally {
      await db.destroy()
    }
  }

  it(`signs in exactly once, in each of ${ROUNDS} rounds`, async () => {
    const tally = new Map<number, number>()
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = await counts()
      const { headers, form } = await answerOnce(round % 2)
      const path = `${BASE}/passkeys/authenticate`
      const replies = await Promise.all(Array.from({ length: USES }, (_, i) => wires[i % 2]!.send(path, headers, form)))
      const statuses = replies.map(({ status }) => status)
      for (const status of statuses) tally.set(status, (tally.get(status) ?? 0) + 1)
      assert.equal(statuses.filter((status) => status === 200).length, 1, `round ${round}: ${statuses.join()}`)
      assert.equal(statuses.filter((status) => ![200, 422, 429].includes(status)).length, 0, statuses.join())
      const after = await counts()
      assert.deepEqual(after, { sessions: before.sessions + 1, events: before.events + 1 })
      await Promise.all(hosts.processes.map((each) => each.advance(2 * HOUR))) // what was refused makes its owner wait
    }
    console.log(`      ${JSON.stringify(Object.fromEntries(tally))}`)
    assert.deepEqual(
      hosts.processes.flatMap(({ errors }) => errors),
      [],
    )
  })
})
