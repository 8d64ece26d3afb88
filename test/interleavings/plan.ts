/** What a schedule is made of, drawn from its seed: the combinations of the model's table, and more than one of each. */
export interface Plan {
  revoke: boolean
  /** `renews` is a member's own change: their session stays, under a new id. */
  change: 'all' | 'others' | 'renews' | null
  signIn: 'plain' | 'evicts' | null
  rotate: boolean
  /** Requests of the two checkers. */
  requests: [number, number]
  sameProcess: boolean
  world: 'calm' | 'flush' | 'restore' | 'expire' | 'split' | 'down'
  /** Both processes tail the dead ids while the rest goes on, and time moves. */
  tails: boolean
  /** The actor that dies half-way, and after how many steps. */
  crashes: string | null
  fuel: number
}

const WORLDS = ['calm', 'flush', 'flush', 'restore', 'restore', 'expire', 'split', 'down'] as const
const MAY_CRASH = ['check0', 'revoke', 'change', 'sign-in', 'rotate', 'tail0', 'tail1']

export function planOf(random: (below: number) => number): Plan {
  const one = <T>(list: readonly T[]): T => list[random(list.length)]!
  const world = one(WORLDS)
  const moving = world === 'split' || world === 'down'
  const plan: Plan = {
    revoke: random(2) === 0,
    change: one([null, null, 'all', 'others', 'renews'] as const),
    signIn: one([null, null, 'plain', 'evicts'] as const),
    rotate: random(2) === 0,
    requests: [1 + random(2), 2 + random(world === 'split' ? 3 : 2)],
    sameProcess: random(4) === 0,
    world,
    tails: moving || random(4) === 0,
    crashes: random(3) === 0 ? one(MAY_CRASH) : null,
    fuel: 1 + random(6),
  }
  if (!plan.revoke && !plan.change && !plan.rotate && plan.signIn !== 'evicts') plan.revoke = true
  return plan
}
