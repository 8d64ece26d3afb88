import { z } from 'zod'
import { durationMs, type Duration } from './core/durations.js'
import type { HostUser } from './core/users.js'
import type { Enforced } from './features/two-factor/gate.js'
import type { TwoFactorOptions } from './options.js'

type EnforcedOption = (user: never) => boolean | Promise<boolean>

const ENFORCED = "must be true, false or a function: (user) => user.role === 'admin'"
const TRUST = "must be false, or a duration as text, such as '30d'"

/** The option `twoFactor`. */
export const twoFactorOptions = z
  .strictObject({
    enforced: z
      .union([z.boolean(), z.custom<EnforcedOption>((value) => typeof value === 'function')], { error: ENFORCED })
      .default(false),
    trustBrowser: z
      .union([z.literal(false), z.custom<Duration>((value) => durationMs(value) !== null)], { error: TRUST })
      .default(false),
  })
  .prefault({})

/** The option `support`. */
export const supportOption = z
  .string()
  .regex(/^(https:\/\/[^\s"<>]+|(mailto:)?[^\s@"<>?&]+@[^\s@"<>?&]+)$/, {
    error: "must be an e-mail address, or an address such as 'https://example.com/help'",
  })
  .optional()

/** Who must have a second factor, how long a browser may be trusted (null: never), and whom somebody turns to who has lost everything. */
export function completeFactorOptions<U extends HostUser>(
  parsed: { twoFactor: z.output<typeof twoFactorOptions>; support?: string | undefined },
  given: TwoFactorOptions<U> = {},
): { enforced: Enforced; trustMs: number | null; support: string | null } {
  const { enforced = false } = given
  return {
    enforced: async ({ row }) => (typeof enforced === 'function' ? enforced(row as U) : enforced),
    trustMs: durationMs(parsed.twoFactor.trustBrowser),
    support: parsed.support === undefined ? null : linkTo(parsed.support),
  }
}

const linkTo = (said: string): string => (said.startsWith('https://') ? said : `mailto:${said.replace(/^mailto:/, '')}`)
