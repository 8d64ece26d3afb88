import { check } from '../../src/features/sessions/check.js'
import type { SessionCore } from '../../src/features/sessions/core.js'
import { copy } from '../../src/features/sessions/hot-value.js'
import { register } from '../../src/features/sessions/register.js'
import { change, revoke } from '../../src/features/sessions/revoke.js'
import { rotate } from '../../src/features/sessions/rotate.js'
import { sweep, Tail } from '../../src/features/sessions/tail.js'
import { recordOf } from '../../src/features/sessions/session.js'
import { readCredential, setPasswordHash } from '../../src/features/users/users.js'
import { NO_ORIGIN } from '../../src/core/events.js'
import { SecurityError } from '../../src/core/errors.js'
import type { Change, Database } from '../../src/stores/sql/database.js'
import { Claims } from './claims.js'
import { planOf, type Plan } from './plan.js'
import { gatedChanges, gatedRecords, realSql, type RealSql, type RecordWrites } from './ports.js'
import { RedisModel } from './redis-model.js'
import type { Rule } from './rules.js'
import { randomOf, Scheduler } from './scheduler.js'

const USER = 'u'
const START = 100_000
const LIFE = 7 * 86_400_000

export interface Outcome {
  violation: string | null
  trace: string[]
}

/** Runs the real core through one schedule: what is in it, and in which order it happens, is drawn from the seed. */
export async function runSchedule(db: Database, seed: number, broken: Rule | null = null): Promise<Outcome> {
  const schedule = new Schedule(db, seed, broken)
  return schedule.run()
}

class Schedule {
  readonly #random: (below: number) => number
  readonly #plan: Plan
  readonly #scheduler: Scheduler
  readonly #redis: RedisModel
  readonly #sql: RealSql
  readonly #claims: Claims
  readonly #cores: [SessionCore, SessionCore]
  readonly #tails: [Tail, Tail]
  #time = START
  #moves = 0

  constructor(
    db: Database,
    seed: number,
    readonly broken: Rule | null,
  ) {
    this.#random = randomOf(seed)
    this.#plan = planOf(this.#random)
    this.#scheduler = new Scheduler(this.#random)
    const clock = {
      now: () => 1_700_000_000_000 + this.#time,
      monotonic: () => this.#time,
      sleep: (ms: number) => {
        const until = this.#time + ms
        return this.#scheduler.gate(`sleeps ${ms} ms`, () => this.#time >= until)
      },
    }
    this.#redis = new RedisModel(this.#scheduler, () => this.#time, broken)
    this.#sql = realSql(db, clock)
    this.#claims = new Claims(
      this.#scheduler,
      this.#sql.records,
      this.#plan.world !== 'split' && this.#plan.world !== 'down',
    )
    this.#tails = [new Tail(clock), new Tail(clock)]
    const core = (p: 0 | 1): SessionCore => {
      const hot = this.#redis.process(p)
      const tail = this.#tails[p]
      if (broken === 'tail bound') tail.isFresh = () => true
      if (broken === 'slow acknowledgement without tombstone') swallowFailures(hot)
      const strict = this.#plan.world === 'split' && broken !== 'slow acknowledgement in a split brain'
      return {
        clock,
        hot,
        tail,
        records: gatedRecords(this.#sql, this.#scheduler),
        changes: gatedChanges(this.#sql, this.#scheduler, hot, broken),
        broadcast: () => Promise.resolve(),
        dropData: () => Promise.resolve(),
        acknowledge: strict ? 'strict' : 'fast',
        report: () => {},
      }
    }
    this.#cores = [core(0), core(1)]
  }

  async run(): Promise<Outcome> {
    const { trace } = this.#scheduler
    trace.push(JSON.stringify(this.#plan))
    try {
      await this.#prepare()
      this.#startActors()
      await this.#scheduler.run({ disturb: () => this.#disturb(), moveTime: () => (this.#time += 100) })
      await this.#quiet()
      return { violation: null, trace }
    } catch (error) {
      return { violation: error instanceof Error ? error.message : String(error), trace }
    }
  }

  /** One user, signed in once: session A under the id A0, perhaps with a copy in Redis. */
  async #prepare(): Promise<void> {
    const { db } = this.#sql
    await db.deleteFrom('security_sessions').execute()
    await db.deleteFrom('security_dead_ids').execute()
    await db.deleteFrom('security_users').execute()
    const user = { user_id: USER, epoch: 0, password_hash: 'old', password_changed_at: null, disabled_at: null }
    await db.insertInto('security_users').values(user).execute()
    const row = { ...this.#row('A', 'A0'), ended_at: null, end_reason: null }
    await db.insertInto('security_sessions').values(row).execute()
    if (this.#random(2)) this.#redis.set('A0', copy('i1', recordOf(row)))
    this.#claims.issue('A0', 'A')
    for (const p of [0, 1] as const) await this.#tails[p].read(this.#cores[p])
  }

  #row(publicId: string, idHash: string) {
    const at = 1_700_000_000_000 + this.#time
    return {
      public_id: publicId,
      id_hash: idHash,
      user_id: USER,
      email: 'e',
      name: 'n',
      epoch: 0,
      amr: '[]',
      remembered: 0 as const,
      created_at: at,
      authenticated_at: at,
      expires_at: at + LIFE,
      idle_ms: null,
      last_active_at: at,
      ip: null,
      user_agent: null,
    }
  }

  #startActors(): void {
    const plan = this.#plan
    const start = (name: string, work: () => Promise<void>) => {
      const isOperation = plan.tails && !/check|tail/.test(name)
      const due = isOperation ? this.#time + this.#random(1_500) : 0
      const fuel = plan.crashes === name ? plan.fuel : Infinity
      this.#scheduler.start(name, fuel, async () => {
        if (due) await this.#scheduler.gate('begins', () => this.#time >= due)
        await work()
      })
    }
    start('check0', () => this.#checks(0, plan.requests[0]))
    start('check1', () => this.#checks(plan.sameProcess ? 0 : 1, plan.requests[1]))
    if (plan.revoke) start('revoke', () => this.#revoke())
    if (plan.change) start('change', () => this.#change(plan.change!))
    if (plan.signIn) start('sign-in', () => this.#signIn(plan.signIn === 'evicts'))
    if (plan.rotate) start('rotate', () => this.#rotate())
    if (plan.tails) for (const p of [0, 1] as const) start(`tail${p}`, () => this.#tail(p))
    if (this.broken === 'last-active outside the copy') start('touch', () => this.#touch())
  }

  async #checks(p: 0 | 1, requests: number): Promise<void> {
    for (let n = 0; n < requests; n += 1) {
      const due = this.#plan.tails ? this.#time + this.#random(1_500) : 0
      await this.#scheduler.gate('request', () => this.#time >= due)
      const claim = this.#claims.ask(this.#random)
      const decision = await check(this.#cores[p], claim.id)
      await this.#claims.answered(claim, decision)
    }
  }

  get #ending() {
    return {
      reason: 'revoked' as const,
      at: this.#cores[0].clock.now(),
      actor: { type: 'host' as const },
      origin: NO_ORIGIN,
    }
  }

  async #revoke(): Promise<void> {
    await revoke(this.#cores[0], { publicId: 'A', userId: USER }, this.#ending)
    this.#claims.sessionEnded('A', 'revoke')
  }

  async #change(how: 'all' | 'others' | 'renews'): Promise<void> {
    const where = {
      userId: USER,
      ...(how === 'others' && { except: { publicId: 'A', mustLive: false } }),
      ...(how === 'renews' && { keep: { publicId: 'A', from: 'A0', to: 'A2' } }),
    }
    const password = ({ tx }: Change) => setPasswordHash(tx, USER, 'new', 1)
    try {
      const { kept } = await change(this.#cores[0], where, this.#ending, password)
      this.#claims.changed(how !== 'all')
      if (!kept) return
      this.#claims.issue('A2', 'A')
      this.#claims.idDead('A0')
    } catch (error) {
      // the session that asks has ended, or goes by another id: nothing was changed, nothing is claimed
      if (!(error instanceof SecurityError)) throw error
    }
  }

  async #signIn(evicts: boolean): Promise<void> {
    const { db } = this.#sql
    await this.#scheduler.gate('SQL reads the credential')
    let { epoch, passwordHash } = await readCredential(db, USER)
    if (this.broken === 'epoch together') {
      await this.#scheduler.gate('SQL reads the epoch')
      epoch = (await readCredential(db, USER)).epoch
    }
    await this.#scheduler.gate('verifies')
    this.#claims.verified(passwordHash === 'new')
    const row = { ...this.#row('B', 'B0'), epoch, last_active_at: 1_700_000_000_000 + START + 1 }
    const core = this.#cores[0]
    let evicted = false
    const cookie = () => {
      this.#claims.issue('B0', 'B')
      if (evicted) this.#claims.sessionEnded('A', 'eviction')
    }
    const early = this.broken === 'evict before cookie'
    const watched: RecordWrites['register'] = async (...args) => {
      const done = await core.changes.register(...args)
      evicted = done?.endedSessions.includes('A') ?? false // a session that others had ended is theirs to bury
      if (done && early) cookie()
      return done
    }
    const watching = { ...core, changes: { ...core.changes, register: watched } }
    const record = await register(watching, { row, cap: evicts ? 1 : 50, replaces: null }, this.#ending, async () => {})
    if (record && !early) cookie()
  }

  async #rotate(): Promise<void> {
    const core = this.#cores[this.#plan.sameProcess ? 0 : 1]
    const record = await rotate(core, { from: 'A0', to: 'A1' })
    if (!record) return
    this.#claims.issue('A1', 'A')
    this.#claims.idDead('A0')
  }

  async #tail(p: 0 | 1): Promise<void> {
    for (let beat = 0; beat < 6; beat += 1) {
      const due = this.#time + 500
      await this.#scheduler.gate('beat', () => this.#time >= due)
      await this.#tails[p].read(this.#cores[p]).catch(() => [])
    }
  }

  /** What the rule "last-active outside the copy" forbids. */
  async #touch(): Promise<void> {
    const [hot] = [this.#redis.process(1)]
    const { value } = await hot.read('A0').catch(() => ({ value: null }))
    await this.#scheduler.gate('SET XX A0 copy')
    if (value?.startsWith('c:') && this.#redis.value('A0')) this.#redis.set('A0', value)
  }

  #disturb(): void {
    const { world, tails } = this.#plan
    const redis = this.#redis
    if (tails && this.#random(3) === 0) this.#time += 50 + this.#random(400)
    if (this.#moves >= 4 || (world !== 'split' && this.#random(3) > 0)) return // spread over the schedule
    // the moment worth saving is that of a lease under way
    if (world === 'restore' && this.#moves === 0 && this.#random(4) > 0 && !redis.holdsLease()) return
    this.#moves += 1
    if (world === 'flush') redis.flush()
    else if (world === 'expire') redis.expire(['A0', 'A1', 'B0'][this.#random(3)]!)
    else if (world === 'restore')
      if (this.#moves === 1) redis.save()
      else redis.restore()
    else if (world === 'split') this.#split()
    else if (world === 'down') redis.down[this.#random(2)] = this.#moves < 4 && this.#random(2) === 0
  }

  #split(): void {
    if (this.#moves === 1) this.#redis.save()
    else if (this.#moves === 2) this.#redis.split()
    else if (this.#moves === 3 || this.#random(8) === 0)
      this.#redis.moveProcess((this.#moves === 3) === (this.#random(2) === 0) ? 0 : 1)
  }

  /** When nothing moves any more: what a crash has left is finished by others, and nobody believes a dead id (P4). */
  async #quiet(): Promise<void> {
    this.#redis.down.fill(false)
    if (this.#plan.world === 'split') for (const p of [0, 1] as const) this.#redis.moveProcess(p)
    this.#time += 5_000
    if (this.broken !== 'sweep')
      for (const p of [0, 1] as const) {
        await sweep(this.#cores[p])
        await this.#tails[p].read(this.#cores[p])
      }
    for (const core of this.#cores) await this.#claims.settled((id) => check(core, id))
    const left = await this.#sql.records.unburied(Infinity)
    if (left.length) throw new Error('P4 a dead id was never buried')
  }
}

/** The broken rule "slow acknowledgement without tombstone": a failed tombstone counts as written. */
function swallowFailures(hot: { put: (...args: never[]) => Promise<unknown> }): void {
  const put = hot.put.bind(hot)
  hot.put = (...args) => put(...args).catch(() => ({ value: undefined, identity: 'i1' }))
}
