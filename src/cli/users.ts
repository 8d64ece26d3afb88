import { parseOptions } from '../configuration.js'
import type { User } from '../core/users.js'
import type { Removed } from '../features/two-factor/two-factor.js'
import type { SecurityOptions } from '../options.js'
import { createSecurity } from '../security.js'
import { command, UsageError, type ExitCode } from './command.js'
import { readSource } from './configuration-source.js'
import { openToLook, placeOf } from './database.js'
import { databaseFailure } from './database-failure.js'
import type { Terminal } from './terminal.js'

const RESET = `Usage: sallyport users reset-two-factor <email> --reason "..." --config ./security.config.js

For somebody who has lost authenticator app and recovery codes: removes both, ends all their sessions, forgets the
browsers they trust, and writes the reason into the audit log. The password stays. Make sure first, by other means than
e-mail, that it is them who ask. May run while the app runs; all of its processes obey at once.

Options:
  --reason TEXT  why, for the audit log; the log keeps it for ever
  --passkeys     removes their passkeys too: they are lost as well. Without it they stay, and can be signed in with
  --config FILE  the module that exports the options of createSecurity; its users.findByEmail says who that is
  -h, --help     this text

Exit codes: 0 done; 1 nobody has that e-mail address, or a failure; 2 wrong usage.`

export const resetTwoFactor = command({
  name: 'users reset-two-factor',
  summary: 'removes the second factor of a user who has lost it',
  help: RESET,
  options: { config: { type: 'string' }, reason: { type: 'string' }, passkeys: { type: 'boolean', default: false } },
  argument: 'the e-mail address of a user',
  run: async ({ config, reason = '', passkeys }, terminal, email): Promise<ExitCode> => {
    if (reason.trim() === '' || reason.trim().length > 500)
      throw new UsageError('write --reason "who asked, and how you know that it was them" (at most 500 characters)')
    if (config === undefined)
      throw new UsageError('write --config ./security.config.js: its users.findByEmail says who that is')
    const { options, from } = await readSource(config, process.env, terminal)
    terminal.complain(`configuration: ${from}`)
    const checked = { ...options, autoMigrate: false } as SecurityOptions
    const { users } = parseOptions(checked)
    await assertDatabase(options)
    const user = await users.findByEmail(email)
    if (!user) {
      terminal.complain(`nobody has the e-mail address ${email}; nothing was changed`)
      return 1
    }
    const security = await createSecurity(checked)
    try {
      tell(terminal, user, await security.members.resetTwoFactor(user.id, { reason, passkeys }))
      return 0
    } finally {
      await security.close()
    }
  },
})

/** A file that is not there must not be made: it would be an empty database somewhere else than the app's. */
async function assertDatabase(options: Parameters<typeof placeOf>[0]): Promise<void> {
  const place = placeOf(options)
  const db = await openToLook(place).catch((error: unknown) => {
    throw databaseFailure(place, error)
  })
  if (!db || (place.dialect === 'sqlite' && !place.file))
    throw new UsageError(`there is no database ${place.shown}; run it in the folder of the app`)
  await db.destroy()
}

function tell(terminal: Terminal, user: User, { wasEnabled, passkeysRemoved, sessionsRevoked }: Removed): void {
  const who = terminal.harmless(`${user.email} (user ${user.id})`)
  terminal.print(
    `${who}: ${wasEnabled ? 'two-factor is off, the recovery codes are gone' : 'two-factor was off already'}`,
  )
  terminal.print(`${amount(passkeysRemoved, 'passkey')} removed, ${amount(sessionsRevoked, 'session')} ended`)
}

const amount = (count: number, what: string): string => `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`
