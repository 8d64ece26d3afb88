import { StoreUnavailable } from '../../core/errors.js'
import { isBusy } from './busy.js'

/**
 * What PostgreSQL or the way to it said, and no more: `detail` and `where` of the original hold rows, and the client
 * that may hang on it knows the password.
 */
export class PostgresError extends Error {
  /** SQLSTATE, or what the operating system calls it: `23505`, `ECONNREFUSED`. */
  readonly code: string | undefined

  constructor(original: unknown) {
    const { message, code } = wordsOf(original)
    super(message)
    this.name = 'PostgresError'
    this.code = code
  }
}

/**
 * Classes of SQLSTATE that are about the statement, not about the store: not supported, cardinality, data, constraint,
 * syntax or access, program limit, a trigger's own word (PostgreSQL, appendix A).
 */
const OWN_FAULT = new Set(['0A', '21', '22', '23', '42', '54', 'P0'])
/** A statement after one that had failed. The rest of class 25 is about the server: 25006 is a replica. */
const IN_FAILED_TRANSACTION = '25P02'

/** How a statement failed. */
export interface Failure {
  /** What to throw: the statement's own fault stays that; anything else is a store that cannot be reached. */
  error: PostgresError | StoreUnavailable
  /** The server has answered, and its connection is as good as before. */
  answered: boolean
}

export function failureOf(original: unknown): Failure {
  const said = original instanceof PostgresError ? original : new PostgresError(original)
  const { code = '' } = said
  const isOwn = code === IN_FAILED_TRANSACTION || (code.length === 5 && OWN_FAULT.has(code.slice(0, 2)))
  if (isOwn) return { error: said, answered: true }
  return { error: new StoreUnavailable('sql', said), answered: isBusy(said) }
}

function wordsOf(error: unknown): { message: string; code: string | undefined } {
  if (!(error instanceof Error)) return { message: String(error), code: undefined }
  // several addresses of one name were tried in vain: the first says it
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : []
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { message: error.message || (first instanceof Error ? first.message : '') || code || error.name, code }
}
