import assert from 'node:assert/strict'
import type { Clock } from '../../src/core/clock.js'
import { clockFinding, skewOf } from '../../src/cli/doctor/clock.js'

describe('sallyport doctor, clocks', () => {
  /** Another clock, so much ahead of ours, to which a question takes its time there and back. */
  function other(ahead: number, ways: readonly (readonly [there: number, back: number])[]) {
    let time = 1_000_000
    const clock: Clock = { now: () => time, monotonic: () => time + 7, sleep: () => Promise.resolve() }
    let asked = 0
    const ask = (): Promise<number> => {
      const [there, back] = ways[asked % ways.length]!
      asked += 1
      time += there
      const answer = time + ahead
      time += back
      return Promise.resolve(answer)
    }
    return { clock, ask }
  }
  const level = async (ahead: number, ways: [number, number][]) => {
    const { clock, ask } = other(ahead, ways)
    return clockFinding('redis_clock', 'Redis', await skewOf(clock, ask))
  }

  it('that agree are found to agree, however long the way', async () => {
    for (const ways of [[[0, 0]], [[1_500, 0]], [[0, 1_500]], [[2_000, 2_000]]] as [number, number][][])
      assert.deepEqual(await level(0, ways), {
        id: 'redis_clock',
        level: 'ok',
        seen: "the clock of Redis agrees with this machine's",
        change: null,
      })
  })

  it('that differ are told apart by the quickest of three answers', async () => {
    const ways: [number, number][] = [
      [4_000, 10],
      [10, 10],
      [10, 4_000],
    ]
    for (const [ahead, expected] of [
      [400, 'ok'],
      [-400, 'ok'],
      [700, 'warning'],
      [-700, 'warning'],
      [6_000, 'problem'],
      [-6_000, 'problem'],
    ] as const)
      assert.equal((await level(ahead, ways)).level, expected, `${ahead} ms`)
    assert.match((await level(700, ways)).seen, /the clock of Redis is 690 ms ahead of this machine's/)
    assert.match((await level(-60_000, ways)).seen, /is 60 s behind this machine's/)
  })
})
