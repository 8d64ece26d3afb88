import { codeAt, STEP_MS } from '../support/authenticator.js'
import { advance, enrolledOwner, halfWay, type Jar, type Owner, type World } from './factor-browsers.js'

/** After so long no failure of the round before counts any more. */
const LATER_MS = 2_000_000

/** One use of what is good once: answers its status. */
type Use = () => Promise<number>

export interface FactorTally {
  rounds: number
  /** Rounds in which not exactly one use succeeded, with the statuses. */
  broken: string[]
  /** Uses that waited for the database for too long, on a busy machine: 503, and nothing promised. */
  unavailable: number
  uses: number
  /** How often each way has won. */
  wins: Map<string, number>
}

interface Named {
  way: string
  use: Use
}

/** What a round uses, and who may use it: made anew where the last round has used it up. */
interface Race {
  uses: (world: World, owner: Owner, count: number) => Promise<Named[]>
  /** So many rounds, and another user's turn comes. */
  perOwner: number
}

const post = (jar: Jar, host: World['a'], path: string, body: object): Use => {
  return async () => (await jar.ask(host, `/security${path}`, body)).status
}

/** Uses of one factor, by turns on both processes: mostly sign-ins, and from each signed-in browser the paths there. */
async function mixed(world: World, owner: Owner, count: number, given: object): Promise<Named[]> {
  const { a, b } = world
  const inside = owner.jars.flatMap((jar, i): Named[] => [
    { way: 'step-up', use: post(jar, i % 2 ? a : b, '/step-up', given) },
    { way: 'disable', use: post(jar, i % 2 ? b : a, '/totp/disable', given) },
  ])
  const twice = [...owner.jars, ...owner.jars] // so that none of them is void after five uses
  const halves = await Promise.all(twice.map((jar, i) => halfWay(i % 2 ? a : b, owner.user, jar.signedOut())))
  const outside = Array.from({ length: Math.max(0, count - inside.length) }, (_, i): Named => {
    const jar = halves[(i >> 1) % halves.length]!
    return { way: 'sign-in', use: post(jar, i % 2 ? a : b, '/two-factor', given) }
  })
  const all = [...outside, ...inside]
  return all
    .map((each) => ({ each, at: Math.random() }))
    .toSorted((x, y) => x.at - y.at)
    .map(({ each }) => each)
}

export const RACES: Record<string, Race> = {
  'one code of an authenticator app': {
    perOwner: 25,
    uses: (world, owner, count) => mixed(world, owner, count, { code: codeAt(owner.secret, world.clock.now()) }),
  },
  'one recovery code': {
    perOwner: 8,
    uses: (world, owner, count) => mixed(world, owner, count, { recoveryCode: owner.recoveryCodes.pop() }),
  },
  'one half-finished sign-in, with different right proofs': {
    perOwner: 3,
    uses: async (world, owner, count) => {
      const { a, b, clock } = world
      const jar = await halfWay(a, owner.user, owner.jars[0]!.signedOut())
      const proofs = [
        { code: codeAt(owner.secret, clock.now()) },
        { code: codeAt(owner.secret, clock.now() + STEP_MS) },
        { recoveryCode: owner.recoveryCodes.pop() },
        { recoveryCode: owner.recoveryCodes.pop() },
      ]
      return Array.from({ length: count }, (_, i): Named => {
        const proof = proofs[(i >> 1) % proofs.length]!
        return { way: Object.keys(proof)[0]!, use: post(jar, i % 2 ? a : b, '/two-factor', proof) }
      })
    },
  },
}

let owners = 0

/** Runs rounds of a race: `count` uses at once on two processes, of which exactly one may succeed. */
export async function runRounds(world: World, race: Race, rounds: number, count: number): Promise<FactorTally> {
  const tally: FactorTally = { rounds, broken: [], unavailable: 0, uses: 0, wins: new Map() }
  let owner: Owner | null = null
  for (let round = 0, left = 0; round < rounds; round += 1, left -= 1) {
    if (!owner || left === 0) {
      owner = await enrolledOwner(world, `lane${(owners += 1)}`)
      left = race.perOwner
    }
    await advance(world, LATER_MS)
    const uses = await race.uses(world, owner, count)
    const statuses = await Promise.all(uses.map(({ use }) => use()))
    tally.uses += uses.length
    const winners = uses.filter((_, i) => statuses[i] === 200)
    const unavailable = statuses.filter((status) => status === 503).length
    tally.unavailable += unavailable
    const least = unavailable > 0 ? 0 : 1
    if (winners.length > 1 || winners.length < least || statuses.some((status) => status === 500))
      tally.broken.push(uses.map(({ way }, i) => `${way} ${statuses[i]}`).join(', '))
    for (const { way } of winners) tally.wins.set(way, (tally.wins.get(way) ?? 0) + 1)
    if (winners.some(({ way }) => way === 'disable')) owner = null
  }
  return tally
}
