import type { RequestHandler } from 'express'
import type { Clock } from '../src/core/clock.js'
import { durationMs } from '../src/core/durations.js'
import { ConfigurationError, SecurityError } from '../src/core/errors.js'
import type { StepUpOptions } from '../src/core/guard-options.js'
import type { RequestStates } from './request-state.js'
import { liveRecord } from './require-session.js'

/** Asks for a fresh proof when the last one is older than `maxAge` (RFC 9470). */
export function requireStepUp({ maxAge = '10m' }: StepUpOptions, clock: Clock, states: RequestStates): RequestHandler {
  const limit = durationMs(maxAge)
  if (limit === null)
    throw new ConfigurationError(`requireStepUp: maxAge is ${JSON.stringify(maxAge)}; write a duration such as '10m'`)
  const seconds = Math.floor(limit / 1000)
  const challenge = `Session error="insufficient_user_authentication", max_age=${seconds}`
  return function requireStepUp(req, _res, next) {
    const record = liveRecord(states.of(req).decision)
    if (clock.now() - record.authenticatedAt <= limit) return next()
    throw new SecurityError('step_up_required', { headers: { 'WWW-Authenticate': challenge } })
  }
}
