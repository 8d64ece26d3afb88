import type { Request } from 'express'

export interface SecondFactorStrategyOptions {
  /** The field of your form that holds the code. @default 'code' for totp, 'recoveryCode' for recovery codes */
  field?: string
  /**
   * Whose code it has to be, as an object of your users table; null: nobody's.
   * @default `req.user`, else who is half way through a sign-in in this browser
   */
  user?: (req: Request) => unknown
}
