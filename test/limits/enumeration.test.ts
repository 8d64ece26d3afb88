import assert from 'node:assert/strict'
import { enumerate } from './enumeration.js'
import { KINDS } from './kinds-of-account.js'
import { startLimitsHosts } from './start-hosts.js'

const ROUNDS = 12

describe('Who has an account', function () {
  this.timeout(60_000)

  it('shows in no status, no byte and no header of a refused sign-in', async () => {
    const hosts = await startLimitsHosts(1)
    try {
      const { answers, times } = await enumerate(hosts, ROUNDS)
      for (const list of times.values()) assert.equal(list.length, ROUNDS)
      assert.deepEqual(
        [...answers.values()].map((kinds) => kinds.size),
        [Object.keys(KINDS).length],
        [...answers].map(([answer, kinds]) => `${[...kinds].join()}: ${answer.slice(0, 400)}`).join('\n'),
      )
    } finally {
      await hosts.close()
    }
  })
})
