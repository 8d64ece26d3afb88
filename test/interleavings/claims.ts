import type { SessionRecords } from '../../src/features/sessions/records.js'
import type { Decision } from '../../src/features/sessions/session.js'
import type { Scheduler } from './scheduler.js'

interface Claim {
  id: string
  /** Why this id must be refused, known before the request began; null: it may be accepted. */
  mustRefuse: string | null
}

/** What the outside world has been told, and what must therefore hold: the properties P1 to P5 of the model. */
export class Claims {
  readonly #scheduler: Scheduler
  readonly #records: SessionRecords
  /** "Refused once, never accepted again" before the acknowledgement, too; not in a split brain, nor without Redis. */
  readonly #monotone: boolean
  readonly #sessionOf = new Map<string, string>()
  readonly #deadIds = new Set<string>()
  readonly #endedSessions = new Map<string, string>()
  readonly #refused = new Set<string>()
  #oldCredentialEnded = false
  #verifiedOld = false

  constructor(scheduler: Scheduler, records: SessionRecords, monotone: boolean) {
    this.#scheduler = scheduler
    this.#records = records
    this.#monotone = monotone
  }

  /** A browser holds this id now. */
  issue(id: string, session: string): void {
    this.#scheduler.say(`SET-COOKIE ${id}`)
    this.#sessionOf.set(id, session)
  }

  sessionEnded(session: string, by: 'revoke' | 'eviction'): void {
    this.#scheduler.say(`ACKNOWLEDGES the end of session ${session}`)
    this.#endedSessions.set(session, by === 'revoke' ? 'P1 revoked' : 'P5 evicted')
  }

  idDead(id: string): void {
    this.#deadIds.add(id)
  }

  verified(isNew: boolean): void {
    this.#verifiedOld = !isNew
  }

  changed(keepA: boolean): void {
    this.#scheduler.say('ACKNOWLEDGES the change')
    this.#oldCredentialEnded = true
    if (!keepA) this.#endedSessions.set('A', 'P1 changed')
  }

  ask(random: (below: number) => number): Claim {
    const ids = [...this.#sessionOf.keys()]
    const id = ids[random(ids.length)]!
    const claim = { id, mustRefuse: this.#mustRefuse(id) }
    this.#scheduler.say(`asks for ${id}${claim.mustRefuse ? ` (must be refused: ${claim.mustRefuse})` : ''}`)
    return claim
  }

  #mustRefuse(id: string): string | null {
    const session = this.#sessionOf.get(id)!
    if (this.#deadIds.has(id)) return 'P1 rotated away'
    const ended = this.#endedSessions.get(session)
    if (ended) return ended
    if (session === 'B' && this.#oldCredentialEnded && this.#verifiedOld) return 'P2 signed in with an old credential'
    return this.#monotone && this.#refused.has(id) ? 'P4 refused before' : null
  }

  async answered({ id, mustRefuse }: Claim, decision: Decision): Promise<void> {
    this.#scheduler.say(`${decision.kind === 'live' ? 'ACCEPTS' : 'refuses'} ${id}`)
    if (decision.kind === 'live') {
      if (mustRefuse) throw new Error(`${mustRefuse}, and accepted: ${id}`)
      return
    }
    this.#refused.add(id)
    if ((await this.#records.find(id)).kind === 'live') throw new Error(`P3 live, and refused: ${id}`)
  }

  /** At the end: what is dead is refused by everybody, what lives is accepted by everybody. */
  async settled(check: (id: string) => Promise<Decision>): Promise<void> {
    for (const id of this.#sessionOf.keys()) {
      const alive = (await this.#records.find(id)).kind === 'live'
      const decision = await check(id)
      if (alive !== (decision.kind === 'live'))
        throw new Error(`P4 at the end, ${alive ? 'live' : 'dead'} ${id} is ${decision.kind}`)
    }
  }
}
