import assert from 'node:assert/strict'
import { PASSWORD } from './people.js'
import { startLimitsHosts, type Hosts } from './start-hosts.js'
import { Wire, type Reply } from './wire.js'

const PARALLEL = 32
/** The long run: SUSPENDED_ROUNDS=200 */
const ROUNDS = Number(process.env.SUSPENDED_ROUNDS ?? 20)
const PAGE = { accept: 'text/html', 'sec-fetch-site': 'same-origin' }

describe('A form that waits for a step-up, on two processes', function () {
  this.timeout(30_000 + ROUNDS * 2_000)
  let hosts: Hosts
  let wires: Wire[] = []
  before(async () => {
    hosts = await startLimitsHosts(2, { standsStillAt: Date.now(), options: { requestsPerMinute: 100_000 } })
    wires = hosts.processes.map(({ url }) => new Wire(Number(new URL(url).port), PARALLEL))
  })
  after(async () => {
    for (const wire of wires) wire.close()
    await hosts?.close()
  })

  const count = (statuses: number[], status: number) => statuses.filter((each) => each === status).length
  const sessionOf = (reply: Reply): string =>
    [reply.headers['set-cookie'] ?? []]
      .flat()
      .map((each) => each.split(';')[0]!)
      .find((each) => each.startsWith('sallyport='))!

  it(`goes on for exactly one of ${PARALLEL} who say so in one moment, ${ROUNDS} times`, async () => {
    const [wire] = wires as [Wire]
    const { cookie: visitor, csrfToken } = await wire.visitor()
    const credentials = { csrfToken, email: 'grace@limits.test', password: PASSWORD }
    let cookie = sessionOf(
      await wire.send('/security/sign-in', { cookie: visitor, accept: 'application/json' }, credentials),
    )
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(hosts.processes.map((each) => each.advance(600_001)))
      const held = await wire.send('/payouts', { ...PAGE, cookie }, { amount: '1' })
      const suspended = new URL(String(held.headers.location), 'http://x').searchParams.get('suspended')!
      const { body } = await wire.send('/security/step-up', { cookie, accept: 'application/json' })
      const form = { csrfToken: (JSON.parse(body) as { csrfToken: string }).csrfToken, suspended, password: PASSWORD }
      const asked = await wire.send('/security/step-up', { ...PAGE, cookie }, form)
      assert.equal(asked.status, 200, asked.body)
      cookie = sessionOf(asked)
      const replies = await Promise.all(
        Array.from({ length: PARALLEL }, (_, i) =>
          wires[i % 2]!.send('/payouts', { ...PAGE, cookie }, { suspendedPost: suspended }),
        ),
      )
      const statuses = replies.map(({ status }) => status)
      assert.deepEqual([count(statuses, 200), count(statuses, 409)], [1, PARALLEL - 1], statuses.join())
    }
  })
})
