import type { RequestHandler } from 'express'
import { ConfigurationError, SecurityError } from '../src/core/errors.js'
import type { ApiKeyOptions } from '../src/core/guard-options.js'

/**
 * Lets nobody pass without an API key that has these scopes. Keys cannot be created yet (they come with their own
 * feature), so every request is refused: mounted early, it is shut, never open.
 */
export function requireApiKey({ scopes }: ApiKeyOptions): RequestHandler {
  if (!Array.isArray(scopes) || scopes.length === 0)
    throw new ConfigurationError(`requireApiKey: scopes is empty; write what the key must allow: ['invoices:read']`)
  return function requireApiKey(_req, _res, next) {
    next(new SecurityError('api_key_invalid', { headers: { 'WWW-Authenticate': 'Bearer realm="api"' } }))
  }
}
