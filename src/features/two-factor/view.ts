import type { FieldErrors } from '../../core/errors.js'
import type { UserDirectory } from '../../core/users.js'
import type { TwoFactorModel } from '../../../views/models.js'
import type { RecoveryCodes } from '../recovery-codes/recovery-codes.js'
import type { Totp } from '../totp/totp.js'
import type { Enforced } from './gate.js'

/** The Two-factor card of a user; with what was wrong in the form that turns it off. */
export type TwoFactorCard = (
  userId: string,
  refused?: { errors: FieldErrors; clockOffBy: number },
) => Promise<TwoFactorModel>

interface Parts {
  totp: Totp
  recoveryCodes: RecoveryCodes
  enforced: Enforced
  users: UserDirectory
}

export const twoFactorCard =
  ({ totp, recoveryCodes, enforced, users }: Parts): TwoFactorCard =>
  async (userId, { errors, clockOffBy } = { errors: {}, clockOffBy: 0 }) => {
    const [enabledAt, codes, user] = await Promise.all([
      totp.enabledAt(userId),
      recoveryCodes.left(userId),
      users.findById(userId),
    ])
    return {
      enabled: enabledAt !== null,
      enabledAt: enabledAt === null ? null : new Date(enabledAt).toISOString(),
      enforced: user !== null && (await enforced(user)),
      recoveryCodes: codes && { left: codes.left, generation: codes.generation, saved: codes.savedAt !== null },
      errors,
      clockOffBy,
    }
  }
