import { StoreUnavailable } from '../../core/errors.js'

/** ioredis hangs the command with its arguments on an error: a password, a copy. Only what it says may be logged. */
export function plainError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error))
  const plain = new Error(error.message || ('code' in error ? String(error.code) : 'no reason given'))
  plain.name = error.name
  return plain
}

/** True when a node has answered, though with an error: it lives, whatever it thinks of the command. */
export const isAnswer = (error: unknown): error is Error => error instanceof Error && error.name === 'ReplyError'

/** What is reported, and what a request is told, of anything that went wrong on the way to Redis. */
export const redisUnavailable = (error: unknown): StoreUnavailable =>
  error instanceof StoreUnavailable ? error : new StoreUnavailable('redis', plainError(error))
