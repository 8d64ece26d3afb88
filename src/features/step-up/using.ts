import type { StepUpModel } from '../../../views/models.js'
import type { StepUpMethods } from './step-up.js'

type Using = NonNullable<StepUpModel['using']>

interface Way {
  using: Using
  field: 'code' | 'password' | 'passkey' | 'recoveryCode'
  method: 'otp' | 'pwd' | 'hwk' | 'rc'
}

/** The ways to step up, in the order in which they are offered; a passkey needs a script, so it is the last but one. */
export const FIELDS: readonly Way[] = [
  { using: 'code', field: 'code', method: 'otp' },
  { using: 'password', field: 'password', method: 'pwd' },
  { using: 'passkey', field: 'passkey', method: 'hwk' },
  { using: 'recovery_code', field: 'recoveryCode', method: 'rc' },
]

/** What a user has, of what is asked for; null: any of it will do. */
export function allowedOf(methods: StepUpMethods, amr: readonly string[] | null): StepUpMethods {
  const has = (way: Way) => methods[way.field] && (amr === null || amr.includes(way.method))
  return Object.fromEntries(FIELDS.map((way) => [way.field, has(way)])) as unknown as StepUpMethods
}

/** The form that is shown: the one that was sent, or asked for by its name, where this user can use it. */
export function usingOf(sent: unknown, asked: unknown, methods: StepUpMethods): Using | null {
  const offered = FIELDS.filter(({ field }) => methods[field])
  const body = (sent ?? {}) as Record<string, unknown>
  const filled = offered.find(({ field }) => body[field])
  const chosen = filled ?? offered.find(({ using, field }) => field in body || using === asked)
  return (chosen ?? offered[0])?.using ?? null
}

/** What somebody who has nothing of what is asked for could set up. */
export function missingOf(amr: readonly string[] | null): StepUpModel['lacks'] {
  if (amr?.includes('hwk')) return 'passkey'
  return amr?.includes('otp') ? 'code' : null
}
