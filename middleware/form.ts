import type { Request } from 'express'
import { z } from 'zod'
import { FormError, type FieldErrors } from '../src/core/errors.js'

/**
 * A text field. Arrays and objects, as query parsers make them of repeated fields, are refused; so is NUL, which nobody
 * types and PostgreSQL answers with an error, be it ours or the one that your `findByEmail` asks.
 */
export const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !value.includes('\0'), 'invalid')
export const required = (max: number) => text(max).refine((value) => value.trim() !== '', 'required')
export const checkbox = z
  .union([z.boolean(), z.literal(['on', 'true', '1', 'false', ''])])
  .optional()
  .transform((value) => value === true || value === 'on' || value === 'true' || value === '1')

/** Reads a form or a JSON body by its schema; unknown fields are dropped. Throws FormError with the rule under each field. */
export function parseForm<S extends z.ZodType>(schema: S, req: Request): z.output<S> {
  const body: unknown = req.body ?? {}
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const fields: FieldErrors = {}
  for (const issue of result.error.issues) {
    const missing = issue.message === 'required' || (issue.code === 'invalid_type' && isMissing(body, issue.path[0]))
    fields[String(issue.path[0] ?? 'form')] = [missing ? 'required' : 'invalid']
  }
  throw new FormError('invalid_form', fields)
}

const isMissing = (body: unknown, field: PropertyKey | undefined): boolean =>
  typeof body === 'object' && body !== null && field !== undefined && !Object.hasOwn(body, field)

/** A text of the body as it was typed, to show it again; anything else is empty. */
export function typed(req: Request, field: string): string {
  const body = req.body as Record<string, unknown> | undefined
  const value = body && Object.hasOwn(body, field) ? body[field] : ''
  return typeof value === 'string' ? value : ''
}
