import { parseOptions } from '../configuration.js'
import type { Envelopes } from '../core/envelope.js'
import { ConfigurationError } from '../core/errors.js'
import type { SecurityOptions } from '../options.js'
import type { Database } from '../stores/sql/database.js'
import { countByKey, ENVELOPED } from '../stores/sql/envelopes.js'
import { pendingMigrations } from '../stores/sql/migrations.js'
import { resealAll } from '../stores/sql/reseal.js'
import { command, UsageError, type ExitCode } from './command.js'
import { readSource, type GivenOptions } from './configuration-source.js'
import { openToLook, openToWrite, placeOf, type Place } from './database.js'
import { databaseFailure } from './database-failure.js'
import type { Terminal } from './terminal.js'

const CONFIG = `  --config FILE  the module that exports the options of createSecurity; only secret, keys, database and tablePrefix are
                 read. Without it: SALLYPORT_SECRET, DATABASE_URL and SALLYPORT_TABLE_PREFIX of the environment (keys of
                 your own are in no variable: give the file)
  -h, --help     this text`

const LIST = `Usage: sallyport keys list [--config ./security.config.js]

Says for each key how many of the secrets in the database are sealed under it. A key that is old and has none may go.

Options:
${CONFIG}

Exit codes: 0 every secret has its key; 1 a key is missing, or a failure; 2 wrong usage.`

const ROTATE = `Usage: sallyport keys rotate [--config ./security.config.js]

Seals every secret in the database anew under the first key. May run while the app runs, and be ended and run again.
Give every process the new key before: first as the last of the list, then as the first.

Options:
${CONFIG}

Exit codes: 0 all are under the first key; 1 some are not, or a failure; 2 wrong usage.`

type Opening = (place: Place) => Promise<Database | null>
type Work = (db: Database, envelopes: Envelopes, terminal: Terminal) => Promise<ExitCode>

export const listKeys = keysCommand('list', 'says how many secrets are sealed under which key', LIST, openToLook, list)
export const rotateKeys = keysCommand(
  'rotate',
  'seals all secrets anew under the first key',
  ROTATE,
  openToWrite,
  rotate,
)

function keysCommand(name: string, summary: string, help: string, open: Opening, work: Work) {
  return command({
    name: `keys ${name}`,
    summary,
    help,
    options: { config: { type: 'string' } },
    run: async ({ config }, terminal): Promise<ExitCode> => {
      const { options, from } = await readSource(config, process.env, terminal)
      const place = placeOf(options)
      if (place.dialect === 'sqlite' && !place.file)
        throw new UsageError(`${place.shown} is gone when its process ends; there is nothing sealed in it`)
      const envelopes = envelopesOf(options)
      terminal.complain(`configuration: ${from}`)
      const db = await open(place).catch((error: unknown) => {
        throw databaseFailure(place, error)
      })
      if (!db) throw new UsageError(`there is no file ${place.shown}; run it in the folder of the app`)
      try {
        // a newer version may have sealed what is unknown here: that is refused
        const pending = await pendingMigrations(db)
        if (pending.length)
          throw new ConfigurationError(`the database lacks ${pending.join(', ')}; run: npx sallyport migrate`)
        return await work(db, envelopes, terminal)
      } catch (error) {
        throw error instanceof ConfigurationError ? error : databaseFailure(place, error)
      } finally {
        await db.destroy()
      }
    },
  })
}

/** Prints one line for each key. `columns` are where envelopes are. */
export async function list(
  db: Database,
  envelopes: Envelopes,
  terminal: Terminal,
  columns = ENVELOPED,
): Promise<ExitCode> {
  const counts = await countByKey(db, columns)
  const { lines, missing } = tableOf(counts, envelopes.keyIds)
  for (const line of lines) terminal.print(line)
  return missing > 0 ? 1 : 0
}

/** Re-seals what is not under the first key, and says what is left. `columns` are where envelopes are. */
export async function rotate(
  db: Database,
  envelopes: Envelopes,
  terminal: Terminal,
  columns = ENVELOPED,
): Promise<ExitCode> {
  const { resealed, unopened } = await resealAll(db, envelopes, columns)
  terminal.print(`${amount(resealed)} sealed anew under ${envelopes.keyIds[0]}`)
  if (unopened > 0) terminal.complain(`${amount(unopened)} could not be opened; see: sallyport keys list`)
  const others = [...(await countByKey(db, columns))].filter(([id]) => id !== envelopes.keyIds[0])
  const left = others.reduce((sum, [, count]) => sum + count, 0)
  if (left > unopened)
    terminal.complain(
      `${amount(left - unopened)} came in under another key meanwhile: give every process the new list of keys, and run this again`,
    )
  return left > 0 ? 1 : 0
}

/** One line for each key, those that are missing last. */
function tableOf(counts: ReadonlyMap<string, number>, keyIds: readonly string[]): { lines: string[]; missing: number } {
  const others = [...counts.keys()].filter((id) => !keyIds.includes(id)).toSorted()
  const ids = [...keyIds, ...others]
  const width = Math.max(...ids.map((id) => id.length))
  const lines = ids.map((id, i) => {
    const count = counts.get(id) ?? 0
    const state = i === 0 ? 'seals' : others.includes(id) ? lost(id) : idle(id, count)
    return `${(id || NO_KEY).padEnd(width)}  ${amount(count)}, ${state}`
  })
  return { lines, missing: others.length }
}

const NO_KEY = '-'

function idle(id: string, count: number): string {
  if (count > 0) return 'opens; run before it goes: sallyport keys rotate'
  return id.startsWith('secret-') ? 'opens; derived from secret' : 'opens; may be taken out'
}

function lost(id: string): string {
  if (id === '') return 'NOT READABLE: something else has written these texts'
  const where = id.startsWith('secret-') ? 'the secret that it is derived from' : 'it'
  return `MISSING: put ${where} back into the list`
}

const amount = (count: number): string => `${count === 0 ? 'no' : count} envelope${count === 1 ? '' : 's'}`

/** As createSecurity reads them; of the options only these are needed. */
function envelopesOf({ secret, keys, database, tablePrefix }: GivenOptions): Envelopes {
  const needed = { secret, database, ...(keys && { keys }), ...(tablePrefix !== undefined && { tablePrefix }) }
  const users = { findById: () => null, findByEmail: () => null }
  return parseOptions({ origin: 'https://localhost', users, ...needed } as SecurityOptions).envelopes
}
