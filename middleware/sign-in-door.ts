import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHandler } from 'express'
import type { Clock } from '../src/core/clock.js'
import type { Attempter, HashingLane } from '../src/features/passwords/hashing-lane.js'
import { busyAnswer } from './busy-answer.js'
import type { KnownDeviceCookie } from './known-device.js'
import { askedOf } from './negotiate.js'
import type { Pages } from './pages.js'
import type { RequestStates } from './request-state.js'

interface Parts {
  lane: HashingLane
  knownDevice: Pick<KnownDeviceCookie, 'isClaimedBy'>
  pages: Pages
  states: RequestStates
  secure: boolean
  clock: Clock
  report: (error: unknown) => void
}

interface Arrival {
  req: IncomingMessage
  whom: Attempter
  /** What the host keeps in an AsyncLocalStorage must not be that of another request. (`AsyncResource.bind` costs forty times as much.) */
  context: AsyncResource
  letIn: () => void
  refuse: () => void
}

/** So long one turn of the event loop may go on refusing, before others are served. */
const TURN_MS = 0.3
/** So long after one was let in the next one waits, while it would only wait for its hash inside: a hash takes longer. */
const PAUSE_MS = 25

/**
 * Stands before everything else that a sign-in passes. When a crowd arrives in the same moment, as many as the
 * hashing lane has room for are let in, one at a time and with pauses, so that other requests are served in between; the
 * others are refused here, before they cost a session, a body or a query. Some of that room is for browsers in which
 * somebody has signed in before, so that who floods the door does not shut the owners out with the strangers. Whether it
 * is true that they have is asked of the database inside: who lies about it passes here, and has no room in the lane.
 *
 * It is one door with two places to stand: first in our router, and before Express (`front-door.ts`), whose own work for
 * a request is more than a refusal costs. Whoever was let in at the front is not asked again inside.
 */
export class SignInDoor {
  readonly #parts: Parts
  readonly #answerBusy: ReturnType<typeof busyAnswer>
  /** For whom the lane had room when they came; and for whom it had none. */
  readonly #entering: Arrival[] = []
  readonly #surplus: Arrival[] = []
  /** How many of either are among those who enter. */
  readonly #waiting: Record<Attempter, number> = { known: 0, stranger: 0 }
  #letInAt = -Infinity
  #pause: ReturnType<typeof setTimeout> | undefined
  /** The next turn of the event loop is ours. */
  #isNext = false
  readonly #letIn = new WeakSet<object>()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#answerBusy = busyAnswer(parts)
  }

  /** Inside: for a host without a front door, and for a sign-in that the front door does not recognise. */
  readonly middleware: RequestHandler = (req, res, next) => {
    if (this.#letIn.has(req)) return next()
    const refuse = () => this.#answerBusy(res, req, () => this.#parts.pages.languageOf(req))
    this.#wait(req, next, refuse)
  }

  /** At the front, where Express has not touched the request: the host cannot be asked for its language. */
  waitInFront(req: IncomingMessage, res: ServerResponse, letIn: () => void): void {
    const { states, clock, pages } = this.#parts
    states.arrive(req, clock.now())
    const refuse = () => {
      const asked = askedOf(req)
      this.#answerBusy(res, asked, () => pages.languageAsked(asked))
    }
    this.#wait(req, letIn, refuse)
  }

  #wait(req: IncomingMessage, letIn: () => void, refuse: () => void): void {
    const { lane, knownDevice } = this.#parts
    const whom: Attempter = knownDevice.isClaimedBy(req) ? 'known' : 'stranger'
    const arrival = { req, whom, context: new AsyncResource('SignIn'), letIn, refuse }
    // strangers who came earlier are no hindrance: where there is no room for them when it is their turn, they are refused
    const hasPlace = this.#waiting[whom] < lane.roomFor(whom)
    if (hasPlace) {
      this.#entering.push(arrival)
      this.#waiting[whom] += 1
    } else this.#surplus.push(arrival)
    this.#next()
  }

  /** The surplus is told at once; whoever enters may have to wait. */
  #next(): void {
    if (this.#isNext) return
    const { clock, lane } = this.#parts
    const wait = lane.isFree ? 0 : this.#letInAt + PAUSE_MS - clock.monotonic()
    clearTimeout(this.#pause)
    this.#isNext = this.#surplus.length > 0 || wait <= 0
    if (this.#isNext) setImmediate(this.#turn)
    else this.#pause = setTimeout(this.#turn, wait)
  }

  readonly #turn = (): void => {
    const { clock, lane } = this.#parts
    const began = clock.monotonic()
    this.#isNext = false
    try {
      if (lane.isFree || began >= this.#letInAt + PAUSE_MS) this.#letOneIn()
      while (this.#surplus.length > 0 && clock.monotonic() < began + TURN_MS) this.#refuse(this.#surplus.shift()!)
    } finally {
      // also when a listener of the host's throws: the others wait on
      if (this.#entering.length + this.#surplus.length > 0) this.#next()
    }
  }

  /** Whoever has left meanwhile takes nobody's turn. */
  #letOneIn(): void {
    while (this.#entering.length > 0) {
      const arrival = this.#entering.shift()!
      this.#waiting[arrival.whom] -= 1
      if (this.#serve(arrival)) break
    }
  }

  /** Says whether it was let in. */
  #serve(arrival: Arrival): boolean {
    const { req, whom, context, letIn } = arrival
    if (!req.socket.writable) return false
    const { clock, lane } = this.#parts
    if (lane.roomFor(whom) <= 0) return this.#refuse(arrival)
    this.#letInAt = clock.monotonic()
    this.#letIn.add(req)
    context.runInAsyncScope(letIn)
    return true
  }

  #refuse({ req, context, refuse }: Arrival): false {
    if (req.socket.writable) context.runInAsyncScope(refuse)
    return false
  }
}
