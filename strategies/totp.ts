import type { SecondFactorStrategyOptions } from './second-factor-options.js'
import { SecondFactorStrategy, type SecondFactorParts } from './second-factor.js'

/** The code of an authenticator app (RFC 6238). */
export const totpStrategy = (parts: SecondFactorParts, options: SecondFactorStrategyOptions = {}) =>
  new SecondFactorStrategy(parts, { name: 'totp', field: 'code', max: 32 }, options)
