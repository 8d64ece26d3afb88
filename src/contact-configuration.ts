import { z } from 'zod'
import { localPath } from './core/return-to.js'

/** The option `securityContact`. */
export const contactOption = z
  .string()
  .regex(/^(https:\/\/[^\s"<>]+|mailto:[^\s@"<>?&]+@[^\s@"<>?&]+)$/, {
    error: "must be an address such as 'mailto:security@example.com' or 'https://example.com/security'",
  })
  .optional()

/** The option `secureAccount`. */
export const secureAccountOption = z
  .strictObject({
    review: z
      .strictObject({
        label: z.string().min(1).max(100),
        href: z
          .string()
          .refine(
            (value) => localPath(value, 'https://localhost') !== null,
            "must be a path of your own, such as '/transactions'",
          ),
      })
      .optional(),
  })
  .prefault({})

/** Whom a finder of a vulnerability writes to, and the host's own step of "Secure my account"; null where there is none. */
export const completeContact = (parsed: {
  securityContact?: string | undefined
  secureAccount: z.output<typeof secureAccountOption>
}) => ({
  securityContact: parsed.securityContact ?? null,
  review: parsed.secureAccount.review ?? null,
})
