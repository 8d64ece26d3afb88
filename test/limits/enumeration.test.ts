import assert from 'node:assert/strict'
import { NO_MAIL_SERVER } from '../support/mails.js'
import { enumerate, type Door } from './enumeration.js'
import { KINDS } from './kinds-of-account.js'
import { startLimitsHosts } from './start-hosts.js'

const ROUNDS = 12

describe('Who has an account', function () {
  this.timeout(60_000)

  const DOORS = [
    ['/sign-in', 'a refused sign-in'],
    ['/forgot-password', 'the answer to a forgotten password'],
  ] as const
  for (const [door, answer] of DOORS) it(`shows in no status, no byte and no header of ${answer}`, () => same(door))

  async function same(door: Door): Promise<void> {
    const hosts = await startLimitsHosts(1, { options: { mail: NO_MAIL_SERVER } })
    try {
      const { answers, times } = await enumerate(hosts, ROUNDS, door)
      for (const list of times.values()) assert.equal(list.length, ROUNDS)
      assert.deepEqual(
        [...answers.values()].map((kinds) => kinds.size),
        [Object.keys(KINDS).length],
        [...answers].map(([answer, kinds]) => `${[...kinds].join()}: ${answer.slice(0, 400)}`).join('\n'),
      )
    } finally {
      await hosts.close()
    }
  }
})
