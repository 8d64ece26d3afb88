import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { until } from '../support/clock.js'
import { mailsOf, NO_MAIL_SERVER } from '../support/mails.js'
import { startLimitsHosts, type Hosts } from './start-hosts.js'
import { Wire } from './wire.js'

const USES = 32
const PASSWORD = (i: number) => `Bright-Window-4${i}-Stone`

describe('One link on two processes', function () {
  this.timeout(60_000)
  let hosts: Hosts
  let wires: Wire[] = []
  before(async () => {
    hosts = await startLimitsHosts(2, { standsStillAt: Date.now(), options: { mail: NO_MAIL_SERVER } })
    wires = hosts.processes.map(({ url }) => new Wire(Number(new URL(url).port), USES))
  })
  after(async () => {
    for (const wire of wires) wire.close()
    await hosts?.close()
  })

  const accept = 'application/json'

  async function post(wire: Wire, path: string, form: Record<string, string>, more: { cookie?: string; ip: string }) {
    const { cookie, csrfToken } = await wire.visitor()
    const cookies = [cookie, more.cookie ?? ''].filter(Boolean).join('; ')
    const headers = { cookie: cookies, accept, 'x-forwarded-for': more.ip }
    return wire.send(`/security${path}`, headers, { csrfToken, ...form })
  }

  it(`of ${USES} uses in one moment exactly one sets its password`, async () => {
    await post(wires[0]!, '/forgot-password', { email: 'ada@limits.test' }, { ip: '198.51.100.1' })
    await until('the mail', async () => (await mailsOf(hosts)).length > 0)
    const { path } = (await mailsOf(hosts))[0]!
    const moved = await wires[0]!.send(path!)
    const cookie = String(moved.headers['set-cookie']).split(';')[0]!
    const replies = await Promise.all(
      Array.from({ length: USES }, (_, i) => {
        const form = { newPassword: PASSWORD(i), confirmPassword: PASSWORD(i) }
        return post(wires[i % 2]!, '/reset-password', form, { cookie, ip: `198.51.100.${i}` })
      }),
    )
    const statuses = replies.map(({ status }) => status)
    assert.deepEqual(
      [statuses.filter((each) => each === 200).length, statuses.filter((each) => each === 410).length],
      [1, USES - 1],
      statuses.join(),
    )
    const tries = Array.from({ length: USES }, (_, i) => i)
    const signsIn: number[] = []
    for (const i of tries) {
      const form = { email: 'ada@limits.test', password: PASSWORD(i) }
      const { status } = await post(wires[i % 2]!, '/sign-in', form, { ip: `198.51.100.${i}` })
      if (status === 200) signsIn.push(i)
      await Promise.all(hosts.processes.map((each) => each.advance(16 * 60_000)))
    }
    assert.deepEqual(signsIn, [statuses.indexOf(200)])
  })

  it(`of ${USES} requests for one address in one moment one is sent a mail`, async () => {
    const replies = await Promise.all(
      Array.from({ length: USES }, (_, i) => {
        const ip = `203.0.113.${i}`
        return post(wires[i % 2]!, '/forgot-password', { email: 'grace@limits.test' }, { ip })
      }),
    )
    assert.ok(replies.every(({ status }) => status === 200))
    await wait(1_000) // nothing comes after it
    assert.equal((await mailsOf(hosts)).filter(({ userId }) => userId === 'grace').length, 1)
  })
})
