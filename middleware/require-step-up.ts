import type { Request, RequestHandler, Response } from 'express'
import type { Clock } from '../src/core/clock.js'
import { durationMs } from '../src/core/durations.js'
import { ConfigurationError, SecurityError } from '../src/core/errors.js'
import { localPath } from '../src/core/return-to.js'
import type { SessionRecord } from '../src/features/sessions/session.js'
import type { SuspendedPosts } from '../src/features/step-up/suspended-posts.js'
import { saysOrigin } from './csrf.js'
import { handle } from './handle.js'
import { bringForm, fieldOf, heldForm } from './held-form.js'
import { refererPath, wantsHtml } from './negotiate.js'
import type { RequestStates } from './request-state.js'
import { liveRecord } from './require-session.js'
import type { StepUpCookie } from './step-up-cookie.js'
import type { StepUpOptions } from './step-up-options.js'

/** `requireStepUp` as our own routes use it. */
export type StepUpGuard = RequestHandler

export interface StepUpGuardParts {
  clock: Clock
  states: RequestStates
  suspendedPosts: SuspendedPosts
  stepUpCookie: StepUpCookie
  origin: string
}

/** The field by which a form of the host's goes on. */
const FIELD = 'suspendedPost'

/**
 * Asks for a fresh proof when the last one is older than `maxAge` (RFC 9470). A form that is refused waits meanwhile:
 * `own` for routes of ours, whose token was checked before.
 */
export function requireStepUp(options: StepUpOptions, parts: StepUpGuardParts, own = false): RequestHandler {
  const demand = demandOf(options)
  const { clock, states, suspendedPosts, origin } = parts

  /** Goes on with the form that waited, in place of the one that said so. */
  async function goOn(req: Request, record: SessionRecord, token: string): Promise<void> {
    if (saysOrigin(req, origin) === false) throw new SecurityError('csrf')
    if (!isFresh(record, demand, clock.now())) throw refusal(demand, { suspended: token })
    const [now, post] = await Promise.all([heldForm(req), suspendedPosts.find(record, token)])
    const fits = post && !post.own && post.method === req.method && post.path === req.originalUrl
    if (!now || !fits || post.form.kind !== now.kind) throw new SecurityError('already_done')
    await suspendedPosts.use(token)
    bringForm(req, now, post.form)
  }

  async function suspend(req: Request, record: SessionRecord): Promise<string | null> {
    if (!own && saysOrigin(req, origin) !== true) return null
    const form = await heldForm(req)
    const path = localPath(req.originalUrl, origin)
    if (!form || path !== req.originalUrl) return null
    const action = actionOf(options, req)
    return suspendedPosts.keep(record, { method: req.method, path, form, own, action, amr: demand.amr })
  }

  const ofForm = handle(async (req, res, next) => {
    const record = liveRecord(states.of(req).decision)
    const form = own ? null : await heldForm(req)
    const token = form && fieldOf(form, FIELD)
    if (token) await goOn(req, record, token)
    else if (!isFresh(record, demand, clock.now())) {
      const suspended = wantsHtml(req) ? await suspend(req, record) : null
      throw suspended === null ? refuse(req, res, record) : refusal(demand, { suspended })
    }
    next()
  })

  function refuse(req: Request, res: Response, record: SessionRecord): SecurityError {
    const isRead = req.method === 'GET' || req.method === 'HEAD'
    const path = isRead ? localPath(req.originalUrl, origin) : refererPath(req, origin)
    const action = actionOf(options, req)
    if (wantsHtml(req) && path !== null && (action !== null || demand.amr !== null))
      parts.stepUpCookie.send(res, { sessionId: record.publicId, path, action, amr: demand.amr })
    return refusal(demand)
  }

  return function requireStepUp(req, res, next) {
    const record = liveRecord(states.of(req).decision)
    if (req.method === 'POST') return ofForm(req, res, next)
    if (isFresh(record, demand, clock.now())) return next()
    throw refuse(req, res, record)
  }
}

interface Demand {
  limitMs: number
  amr: readonly string[] | null
}

const METHODS: ReadonlySet<string> = new Set(['pwd', 'otp', 'hwk', 'rc', 'fed'])

function demandOf({ maxAge = '10m', amr }: StepUpOptions): Demand {
  const limitMs = durationMs(maxAge)
  if (limitMs === null)
    throw new ConfigurationError(`requireStepUp: maxAge is ${JSON.stringify(maxAge)}; write a duration such as '10m'`)
  if (amr !== undefined && !(Array.isArray(amr) && amr.length > 0 && amr.every((each) => METHODS.has(each))))
    throw new ConfigurationError(
      `requireStepUp: amr is ${JSON.stringify(amr)}; write some of ${[...METHODS].join(', ')}, such as ['hwk']`,
    )
  return { limitMs, amr: amr ?? null }
}

/** A trusted browser, and a session taken over from before, have proven nothing: 0. */
function isFresh({ authenticatedAt, amr }: SessionRecord, demand: Demand, now: number): boolean {
  if (authenticatedAt <= 0 || now - authenticatedAt > demand.limitMs) return false
  return demand.amr === null || amr.some((each) => demand.amr!.includes(each.method) && now - each.at <= demand.limitMs)
}

function refusal({ limitMs, amr }: Demand, lead: Record<string, string> = {}): SecurityError {
  const challenge = `Session error="insufficient_user_authentication", max_age=${Math.floor(limitMs / 1000)}`
  const headers = { 'WWW-Authenticate': challenge }
  return new SecurityError('step_up_required', { headers, extra: amr ? { amr } : {}, lead })
}

const actionOf = ({ action }: StepUpOptions, req: Request): string | null =>
  (typeof action === 'function' ? action(req) : action) ?? null
