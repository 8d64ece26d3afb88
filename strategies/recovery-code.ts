import type { SecondFactorStrategyOptions } from './second-factor-options.js'
import { SecondFactorStrategy, type SecondFactorParts } from './second-factor.js'

/** A recovery code, used up by it. Success has `{ left }` as its info: so many are left. */
export const recoveryCodeStrategy = (parts: SecondFactorParts, options: SecondFactorStrategyOptions = {}) =>
  new SecondFactorStrategy(parts, { name: 'recovery-code', field: 'recoveryCode', max: 128 }, options)
