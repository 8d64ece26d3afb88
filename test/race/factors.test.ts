import assert from 'node:assert/strict'
import { codeAt, STEP_MS } from '../support/authenticator.js'
import { TestClock } from '../support/clock.js'
import { newDatabase } from '../support/host.js'
import { startProcess, stopAll, type HostProcess } from '../support/process.js'
import { advance, enrolledOwner, halfWay, type World } from './factor-browsers.js'
import { RACES, runRounds } from './factor-rounds.js'
import { startHosts } from './start-hosts.js'

/** Rounds and uses of each. `npm run endurance` has 200 rounds. */
const SIZES: Record<string, [number, number]> = {
  'one code of an authenticator app': [20, 32],
  'one recovery code': [20, 32],
  'one half-finished sign-in, with different right proofs': [20, 8],
}

describe('What is good once, on two processes', function () {
  this.timeout(180_000)
  let drop: () => Promise<void>
  let database: string
  let hosts: HostProcess[] = []
  let world: World
  before(async () => {
    ;({ url: database, drop } = await newDatabase())
    hosts = await startHosts(2, { kind: 'sallyport', database })
    world = { a: hosts[0]!, b: hosts[1]!, clock: new TestClock() }
  })
  after(async () => {
    await stopAll(hosts)
    await drop()
  })
  afterEach(() =>
    assert.deepEqual(
      hosts.flatMap(({ errors }) => errors),
      [],
    ),
  )

  for (const [name, [rounds, count]] of Object.entries(SIZES))
    it(`${name}: of ${count} uses at once exactly one succeeds, ${rounds} times`, async () => {
      const { broken, unavailable, wins } = await runRounds(world, RACES[name]!, rounds, count)
      assert.deepEqual(broken, [])
      const won = [...wins.values()].reduce((sum, each) => sum + each, 0)
      assert.ok(won > 0 && won + unavailable >= rounds, `${won} of ${rounds}`)
    })

  for (const kind of ['code', 'recoveryCode'] as const)
    it(`kill -9 between the use of a ${kind === 'code' ? 'code' : 'recovery code'} and the answer: it stays used`, async () => {
      const { a, b, clock } = world
      const owner = await enrolledOwner(world, `lane9${kind.length}`)
      await advance(world, 2 * STEP_MS)
      const given =
        kind === 'code' ? { code: codeAt(owner.secret, clock.now()) } : { recoveryCode: owner.recoveryCodes[0] }
      const jar = await halfWay(a, owner.user, owner.jars[1]!.signedOut())
      const lost = jar.ask(a, '/security/two-factor', given, `${kind} sign-in verified`).catch(() => null)
      await a.reached(`${kind} sign-in verified`)
      await a.stop()
      assert.equal(await lost, null)
      const again = await jar.ask(b, '/security/two-factor', given)
      assert.deepEqual([again.status, again.body.code], [422, kind === 'code' ? 'code_already_used' : 'invalid_code'])
      const next = { code: codeAt(owner.secret, clock.now() + STEP_MS) }
      assert.equal((await jar.ask(b, '/security/two-factor', next)).status, 200, 'the sign-in itself goes on')
      hosts[0] = world.a = await startProcess(new URL('./host-process.js', import.meta.url), {
        kind: 'sallyport',
        database,
        port: Number(new URL(a.url).port),
      } as { port: number })
      await world.a.advance(clock.now() - Date.now())
    })
})
