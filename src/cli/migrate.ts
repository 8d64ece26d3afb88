import { command, UsageError, type ExitCode } from './command.js'
import { readSource } from './configuration-source.js'
import { migrateDatabase, pendingIn, placeOf } from './database.js'
import { databaseFailure } from './database-failure.js'

const HELP = `Usage: sallyport migrate [--config ./security.config.js] [--check]

Brings Sallyport's tables up to date. Several processes may do so at once: one migrates, the others wait.

Options:
  --config FILE  the module that exports the options of createSecurity; only database and tablePrefix are read.
                 Without it: DATABASE_URL and SALLYPORT_TABLE_PREFIX of the environment
  --check        changes nothing; names what is pending
  -h, --help     this text

Exit codes: 0 up to date (now); 1 something is pending (--check), or the migration failed; 2 wrong usage.`

export const migrate = command({
  name: 'migrate',
  summary: 'brings the tables up to date; --check says what is pending',
  help: HELP,
  options: { config: { type: 'string' }, check: { type: 'boolean', default: false } },
  run: async ({ config, check }, terminal): Promise<ExitCode> => {
    const { options, from } = await readSource(config, process.env, terminal)
    const place = placeOf(options)
    if (place.dialect === 'sqlite' && !place.file)
      throw new UsageError(
        `${place.shown} is gone when the command ends; the app that opens it makes its tables itself`,
      )
    terminal.complain(`configuration: ${from}`)
    const names = await (check ? pendingIn(place) : migrateDatabase(place)).catch((error: unknown) => {
      throw databaseFailure(place, error)
    })
    if (names.length === 0) terminal.print(`${place.shown} is up to date`)
    for (const name of names) terminal.print(`${check ? 'pending' : 'applied'} ${name}`)
    return check && names.length > 0 ? 1 : 0
  },
})
