import { z } from 'zod'
import { NOTICE_KINDS, type NoticeKind } from './core/mail.js'
import { addressOf } from './features/notices/addresses.js'
import type { SecurityOptions } from './options.js'

const MAIL = "must be an address such as 'smtp://localhost:25', or a function that sends: async (mail) => { ... }"

/** The option `mail`. */
export const mailOption = z
  .union(
    [
      z.string().regex(/^smtps?:\/\//, MAIL),
      z.custom<(mail: never) => unknown>((value) => typeof value === 'function'),
    ],
    { error: MAIL },
  )
  .optional()

/** The option `mailFrom`. */
export const mailFromOption = z
  .string()
  .refine((value) => addressOf(value) !== null, "must be an e-mail address alone, such as 'security@example.com'")
  .optional()

/** The option `notices`. */
export const noticesOption = z
  .strictObject(Object.fromEntries(NOTICE_KINDS.map((kind) => [kind, z.boolean().optional()])))
  .default({})

/** How mails leave (null: there are none), what they come from, and which notices are sent. */
export function completeMailOptions(
  parsed: { mailFrom?: string | undefined; notices: Record<string, boolean | undefined> },
  { origin, mail }: { origin: string; mail: SecurityOptions['mail'] },
) {
  const { hostname } = new URL(origin)
  return {
    mail: mail ?? null,
    mailFrom: parsed.mailFrom ?? `security@${hostname}`,
    isNoticeOn: (kind: NoticeKind) => parsed.notices[kind] !== false,
  }
}
