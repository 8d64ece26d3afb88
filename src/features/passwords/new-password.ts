import type { FieldErrors } from '../../core/errors.js'
import type { User } from '../../core/users.js'
import { personalWords, type RuleSet } from './rules.js'

export interface NewPassword {
  newPassword: string
  confirmPassword: string
}

/** What new passwords are held against. */
export interface Demands {
  rules: RuleSet
  /** The product's name and other words that no password may contain. */
  contextWords: readonly string[]
}

/** The rules that a new password of this user breaks. */
export const failingRules = (user: Pick<User, 'email' | 'name'>, plain: string, { rules, contextWords }: Demands) =>
  rules.failing(plain, [...personalWords(user), ...contextWords])

/** What has to be typed again in a form with a new password; nothing is wrong where it is empty. */
export function problemsOf(user: Pick<User, 'email' | 'name'>, form: NewPassword, demands: Demands): FieldErrors {
  const failing = failingRules(user, form.newPassword, demands)
  return {
    ...(failing.length && { newPassword: failing }),
    ...(form.confirmPassword !== form.newPassword && { confirmPassword: ['mismatch'] }),
  }
}
