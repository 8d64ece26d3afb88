import assert from 'node:assert/strict'
import { guessing } from './guessing.js'
import { hydra } from './hydra.js'
import { PASSWORD } from './people.js'
import { startLimitsHosts } from './start-hosts.js'

describe('Hydra', function () {
  this.timeout(120_000)

  it('finds a password that is among the first it tries: these attacks would succeed if they could', async () => {
    const hosts = await startLimitsHosts(1)
    try {
      const port = Number(new URL(hosts.processes[0]!.url).port)
      const words = ['Hydra-Guess-1', 'Hydra-Guess-2', PASSWORD]
      assert.equal(await hydra({ port, email: 'grace@limits.test', words, from: '203.0.113.1' }), PASSWORD)
    } finally {
      await hosts.close()
    }
  })

  it('gets next to nothing verified, from however many networks, while the owner signs in at once', async () => {
    const { guesses, verified, allowed, owner } = await guessing(4, 50, 100)
    assert.equal(guesses, 200)
    assert.ok(verified >= 5 && verified <= allowed, `${verified} verified, ${allowed} allowed`)
    assert.ok(owner.ms.length >= 3, `${owner.ms.length} sign-ins of the owner`)
    assert.deepEqual(owner.refused, [])
  })
})
