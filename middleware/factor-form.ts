import type { Request } from 'express'
import { FormError, type FieldErrors, type SecurityError } from '../src/core/errors.js'
import { text } from './form.js'

/** A field that counts when something is in it: the fields of a form that were left empty are no attempt. */
const filled = (max: number) =>
  text(max)
    .optional()
    .transform((value) => (value?.trim() ? value.trim() : undefined))

/** What any form with a second factor in it may hold. `passkey` is the browser's answer, as JSON. */
export const factorFields = {
  code: filled(32),
  recoveryCode: filled(128),
  passkey: filled(16_384),
}

/** The one form that a request is about: a code, unless a recovery code was asked for or typed. */
export function usingOf(req: Request): 'code' | 'recovery_code' {
  const body = (req.body ?? {}) as Record<string, unknown>
  const asked =
    req.method === 'POST' ? ('recoveryCode' in body && !body.code ? 'recovery_code' : 'code') : req.query.using
  return asked === 'recovery_code' ? 'recovery_code' : 'code'
}

/** What is shown under the fields of a refused form. */
export interface Shown {
  errors: FieldErrors
  clockOffBy: number
  status: number
}

export const NOTHING_WRONG: Shown = { errors: {}, clockOffBy: 0, status: 200 }

/** Null: not a matter of the form. */
export function shownOf(error: unknown): Shown | null {
  if (!(error instanceof FormError)) return null
  return { errors: error.fields, clockOffBy: clockOffBy(error), status: error.status }
}

const clockOffBy = ({ extra }: SecurityError): number =>
  typeof extra.clockOffBySeconds === 'number' ? extra.clockOffBySeconds : 0
