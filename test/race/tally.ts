/** What came of one round. All but `void` are broken promises. */
export interface Outcome {
  /** The kill itself was refused, so nothing was promised. */
  void: boolean
  /** A request that began after the kill had returned was let in. */
  served: boolean
  /** The dead session opens something once the late request has ended, or that request was given a cookie that does. */
  revived: boolean
  /** What the killed session or its late request had written was shown to somebody. */
  shown: boolean
  /** Somebody who was not killed was refused. */
  wronged: boolean
}

interface Round extends Outcome {
  kill: string
  flight: string
}

const isBroken = ({ served, revived, shown, wronged }: Outcome): boolean => served || revived || shown || wronged

export class Tally {
  readonly #rounds: Round[] = []

  add(kill: string, flight: string, outcome: Outcome): void {
    this.#rounds.push({ kill, flight, ...outcome })
  }

  /** Rounds that had this outcome, of one kind of request in flight or of all. */
  count(outcome: keyof Outcome | 'tried', flight?: string): number {
    const rounds = this.#rounds.filter((each) => flight === undefined || each.flight === flight)
    return rounds.filter((each) => (outcome === 'tried' ? !each.void : each[outcome])).length
  }

  get broken() {
    const [served, revived] = [this.count('served'), this.count('revived')]
    return { served, revived, shown: this.count('shown'), wronged: this.count('wronged') }
  }

  /** A table for people: promise, tried, broken. */
  table(title: string): string {
    const line = (promise: string, tried: unknown, broken: unknown) =>
      `${promise.padEnd(46)} ${String(tried).padStart(7)} ${String(broken).padStart(7)}`
    const kindOf = ({ kill, flight }: Round) => `${kill} × ${flight}`
    const rows = [...new Set(this.#rounds.map(kindOf))].toSorted().map((kind) => {
      const rounds = this.#rounds.filter((each) => kindOf(each) === kind)
      return line(kind, rounds.filter((each) => !each.void).length, rounds.filter(isBroken).length)
    })
    const tried = this.count('tried')
    const { served, revived, shown, wronged } = this.broken
    return [
      line(title, 'tried', 'broken'),
      ...rows,
      line('refused once the kill has returned', tried, served),
      line('refused when the late request has ended', tried, revived),
      line('what it wrote is shown to nobody', tried, shown),
      line('nobody else is refused', tried, wronged),
      line('(sign-outs that came too late themselves)', this.count('void'), '-'),
    ].join('\n')
  }
}
