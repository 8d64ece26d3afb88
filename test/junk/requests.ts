import { BASE } from '../support/browser.js'
import { encodedBody, fairBody, typedBody, wildBody } from './bodies.js'
import { COOKIES } from './cookies.js'
import { Dice } from './dice.js'
import { framed, FRAMINGS, type Framing, type Head, type OnWire } from './framing.js'
import type { Holdings } from './holdings.js'
import type { Route } from './routes.js'
import { HEADERS, METHODS, ODD_PATHS, QUERIES, TYPES, WORDS } from './words.js'

export interface JunkRequest extends OnWire {
  index: number
  /** In words, for who reads of its failure. */
  about: string
  /** Is it sent with the member's own session, and by the rules? */
  asMember: boolean
}

/** Addresses of the host, which guards of ours or a parser of its own stand before. */
const OF_HOST = ['/', '/invoices', '/payouts', '/cart', '/echo']
/** Places for a path that is none of ours, whichever. */
const ODD = ['odd 1', 'odd 2', 'odd 3', 'odd 4']
const GOLDEN = 0.618_033_988_749_895

/** What the parts of a request are taken from. */
interface Choice {
  place: string
  method: string
  type: string | null
  cookie: string
}

/**
 * The request of this number: always the same for the same seed, but for the sessions that it is sent with. Every
 * second one walks on through all combinations of place, method, type and cookie without meeting one twice; the others
 * are fair but for what was typed, and get to where a form is read.
 */
export function junkRequest(seed: number, index: number, routes: readonly Route[], held: Holdings): JunkRequest {
  const dice = new Dice(seed, index)
  const wild = Math.floor(index / 3) % 2 === 0 // whichever of three hosts it goes to
  const choice = wild ? combination(seed, index, routes) : fair(dice, routes)
  const { method, type, cookie } = choice
  const token = tokenFor(dice, cookie, held, wild)
  const headers: [string, string][] = [COOKIES[cookie]!(held, dice)].flat().map((value) => ['Cookie', value])
  if (type !== null) headers.push(['Content-Type', type])
  if (dice.once(3)) headers.push(['X-CSRF-Token', token])
  if (wild) headers.push(...oddHeaders(dice))
  else headers.push(['Accept', dice.of(['text/html', 'application/json'])])

  const isRead = ['GET', 'HEAD', 'TRACE', 'CONNECT', 'OPTIONS'].includes(method)
  const makeBody = wild ? (dice.once(3) ? wildBody : typedBody) : fairBody
  let body = makeBody(dice, type ?? '', token)
  if (isRead && !dice.once(6)) body = Buffer.alloc(0)
  if (wild && body.length > 0 && dice.once(5)) {
    const [encoding, bytes] = encodedBody(dice, body)
    headers.push(['Content-Encoding', encoding])
    body = bytes
  }
  const framing: Framing = wild && dice.once(3) ? dice.of(FRAMINGS) : 'length'
  const head: Head = { method, target: targetOf(dice, choice.place, held, wild), headers }
  const about = `${method} ${head.target.slice(0, 80)}, ${type ?? 'no type'}, cookie: ${cookie}, framing: ${framing}`
  return { index, about, asMember: !wild && cookie.includes('member'), ...framed(framing, head, body, dice) }
}

/** Steps through all combinations with a step that has no factor in common with their number: none comes twice. */
function combination(seed: number, index: number, routes: readonly Route[]): Choice {
  const places = [...routes.map(({ path }) => path), ...OF_HOST, ...ODD]
  const cookies = Object.keys(COOKIES)
  const lists = [places, METHODS, TYPES, cookies] as const
  const all = lists.reduce((product, list) => product * list.length, 1)
  let step = Math.floor(all * GOLDEN)
  while (commonFactor(step, all) > 1) step += 1
  let at = (index * step + seed) % all
  const [place, method, type, cookie] = lists.map((list) => {
    const position = at % list.length
    at = Math.floor(at / list.length)
    return position
  })
  return { place: places[place!]!, method: METHODS[method!]!, type: TYPES[type!]!, cookie: cookies[cookie!]! }
}

function commonFactor(a: number, b: number): number {
  return b === 0 ? a : commonFactor(b, a % b)
}

const MEMBER = ['member', 'member with a form and a message']
const isSignIn = ({ path }: Route) => path.endsWith('/sign-in')

function fair(dice: Dice, routes: readonly Route[]): Choice {
  const drawn = dice.of(routes)
  // who signs out too often never gets to the others
  const route = drawn.path.endsWith('/sign-out') && !dice.once(12) ? routes.find(isSignIn)! : drawn
  const own = isSignIn(route) ? 'visitor' : dice.of(MEMBER)
  return {
    place: route.path,
    method: dice.of(route.methods),
    type: dice.of(TYPES.slice(0, 4)),
    cookie: dice.once(3) ? dice.of(Object.keys(COOKIES)) : own,
  }
}

/** Wild ones have the right token as well, now and then. */
function tokenFor(dice: Dice, cookie: string, held: Holdings, wild: boolean): string {
  const right = cookie.includes('member') ? held.member.token : held.visitor.token
  if (!wild) return right
  return dice.of([right, right, held.member.token, held.visitor.token, 'x.y', '', '.', 'x'.repeat(3_000), '\u00ff'])
}

function oddHeaders(dice: Dice): [string, string][] {
  const some = Object.entries(HEADERS).filter(() => dice.once(6))
  return some.flatMap(([name, values]) => [dice.of(values)].flat().map((value) => [name, value] as [string, string]))
}

function targetOf(dice: Dice, place: string, held: Holdings, wild: boolean): string {
  const word = () => encodeURIComponent(dice.of(WORDS.filter((each) => each !== '\ud800')))
  const odd = () => dice.of([held.member.id, word(), '%00', '%ff', '%2f', '%2e%2e', '__proto__', '%ED%A0%80', ''])
  const parameter = () => (wild ? odd() : dice.once(12) ? held.member.id : dice.of([held.other, word()]))
  const odds = ODD.includes(place) ? BASE + dice.of(ODD_PATHS) : place
  // "/:route" of an odd path is one of ours without its slash
  const path = odds.replace(':route', dice.of(['sign-in', 'sessions', 'step-up'])).replace(/:\w+/g, parameter)
  if (!wild) return path
  const query = dice.once(3) ? dice.of(QUERIES) : ''
  const target = (path || '/') + query
  if (!dice.once(8)) return target
  return dice.of([
    `http://evil.example${target}`,
    `http://localhost${target}`,
    `https://u:p@localhost:99999${target}`,
    `HTTP://[::1${target}`,
    `/${target}`,
    `${target}#fragment`,
    target.toUpperCase(),
    target.replaceAll('/', '%2f'),
    target.replaceAll('/', '\\'),
    '*',
    'evil.example:443',
    '?',
  ])
}
