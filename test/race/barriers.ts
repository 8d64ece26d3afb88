import { AsyncLocalStorage } from 'node:async_hooks'
import type { RequestHandler } from 'express'
import type { Order, Told } from '../support/process.js'

/** Where a request can be held. "handler" is a route of the host; the others are inside Sallyport, see holds.ts. */
export type Point =
  | 'handler'
  | 'last active'
  | 'row read'
  | 'kill'
  | 'rotation begins'
  | 'rotation committed'
  | 'change begins'
  | 'change committed'
  | 'sign-in verified'
  | 'sign-in registered'

interface Held {
  ticket: string
  points: Set<string>
  /** Calls that the request itself does not wait for. */
  calls: Promise<unknown>[]
}

const LIMIT_MS = 15_000

const requests = new AsyncLocalStorage<Held>()
const waiting = new Map<string, () => void>()

export const tell = (told: Told): void => void process.send?.(told)

/** Does what the test orders; ends with it. */
export function obey(advance: (ms: number) => void): void {
  process.on('message', (order: Order) => {
    if ('advance' in order) {
      advance(order.advance)
      return tell({ reached: order.tell })
    }
    waiting.get(order.open)?.()
    waiting.delete(order.open)
  })
  process.once('disconnect', () => process.exit())
}

/** `X-Hold: <ticket> <point>,<point>`: this request waits at each of these points until the test lets it go on. */
export function readHold(): RequestHandler {
  return function readHold(req, _res, next) {
    const [, ticket, points] = /^(\S+) (.+)$/.exec(req.get('x-hold') ?? '') ?? []
    if (!ticket || !points) return next()
    requests.run({ ticket, points: new Set(points.split(',')), calls: [] }, next)
  }
}

/** Waits here, once, when the request was told to. */
export async function barrier(point: Point): Promise<void> {
  const held = requests.getStore()
  if (!held?.points.delete(point)) return
  const name = `${held.ticket} ${point}`
  await new Promise<void>((open, fail) => {
    const late = setTimeout(() => fail(new Error(`left standing at the barrier "${name}"`)), LIMIT_MS)
    waiting.set(name, () => {
      clearTimeout(late)
      open()
    })
    tell({ reached: name })
  })
}

/** Lets the request's handler wait for what the request itself fires and forgets. */
export function noteCall(call: Promise<unknown>): void {
  requests.getStore()?.calls.push(call)
}

export async function callsEnded(): Promise<void> {
  await Promise.allSettled(requests.getStore()?.calls ?? [])
}
