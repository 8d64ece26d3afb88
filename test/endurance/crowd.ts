import { addRow } from '../support/endurance.js'
import { sharedPostgres } from '../support/postgres.js'
import { crowds, quantile, type Figures } from '../limits/crowd.js'

const SIZE = 500
const TIMES = 6
/** Sign-ins have to work again within this time, so the app is watched as long. */
const watchedMs = 5_000
const UNBOUNDED = { concurrent: 64, waiting: 10_000 }

const ms = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`
const p99 = (list: number[]) => quantile(list, 0.99)
const all = (came: readonly Figures[], which: 'idle' | 'crowded') =>
  came.flatMap((each) => each[which]).toSorted((x, y) => x - y)

// where several processes share a record, it is PostgreSQL; SQLite commits in the thread that answers
const { crowds: came, rss } = await crowds(SIZE, { times: TIMES, watchedMs, options: {}, on: 'postgres' })
const onSqlite = await crowds(SIZE, { times: TIMES, watchedMs, options: {} })
const usual = await crowds(SIZE, { times: 2, watchedMs, options: { passwords: { hashing: UNBOUNDED } } })
// what so many requests in one moment come to on this machine by themselves
const strolling = await crowds(SIZE, { times: TIMES, watchedMs, options: {}, errand: 'nothing' })
const plain = await crowds(SIZE, { times: TIMES, watchedMs, options: {}, host: 'plain' })

addRow({
  promise: `memory within 120 MB of idle, ${SIZE} sign-ins at once`,
  tried: TIMES,
  broken: rss.peak - rss.idle > 120 ? 1 : 0,
  figures: `idle ${rss.idle.toFixed(0)} MB, at most +${(rss.peak - rss.idle).toFixed(0)} MB`,
})

const warm = (those: readonly Figures[]) => those.slice(1) // the first one warms the code up, as it is in a host that has been there for a while
const [idle, crowded] = [all(warm(came), 'idle'), all(warm(came), 'crowded')]
const times = p99(crowded) / p99(idle)
addRow({
  promise: "an unrelated GET's p99 within 3 times its idle p99",
  tried: crowded.length,
  broken: times > 3 ? 1 : 0,
  figures:
    `idle ${ms(p99(idle))}, crowded ${ms(p99(crowded))}: ${times.toFixed(1)} times ` +
    `(p95 ${ms(quantile(idle, 0.95))} and ${ms(quantile(crowded, 0.95))}); ` +
    `without a lane ${ms(p99(usual.crowds[1]!.crowded))}`,
})

/** A row that breaks no promise of ours. */
function compare(what: string, those: readonly Figures[]): void {
  const [idly, crowdedly] = [all(warm(those), 'idle'), all(warm(those), 'crowded')]
  addRow({
    promise: `(to compare: ${what})`,
    tried: crowdedly.length,
    broken: 0,
    figures: `idle ${ms(p99(idly))}, crowded ${ms(p99(crowdedly))}: ${(p99(crowdedly) / p99(idly)).toFixed(1)} times`,
  })
}
compare('the same on SQLite', onSqlite.crowds)
compare('a plain Express app that answers 503 at once', plain.crowds)

const strolled = all(warm(strolling.crowds), 'crowded')
addRow({
  promise: `no longer than it is under ${SIZE} requests that the same app answers with a 404`,
  tried: strolled.length,
  broken: p99(crowded) > p99(strolled) ? 1 : 0,
  figures: `p99 ${ms(p99(strolled))}`,
})

const refused = came.flatMap(({ fates }) => fates.filter((fate) => fate.status === 503))
addRow({
  promise: 'whoever finds no room is told within a second, with Retry-After',
  tried: refused.length,
  broken: refused.filter((fate) => fate.ms > 1_000 || !/^[1-9]\d*$/.test(fate.retryAfter ?? '')).length,
  figures: `${ms(Math.max(...refused.map((fate) => fate.ms)))} at most`,
})

const others = came.flatMap(({ fates }) => fates.filter((fate) => fate.status !== 503))
addRow({
  promise: 'the rest is verified',
  tried: others.length,
  broken: others.filter((fate) => fate.status !== 422).length,
  figures: `${ms(Math.max(...others.map((fate) => fate.ms)))} at most`,
})

const again = came.map(({ worksAgainMs }) => worksAgainMs)
addRow({
  promise: 'sign-ins work again within 5 s',
  tried: TIMES,
  broken: again.filter((each) => each > watchedMs).length,
  figures: `${ms(Math.max(...again))} at most`,
})

await (await sharedPostgres()).close()
