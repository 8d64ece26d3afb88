import { parseOptions, type Configuration } from '../../configuration.js'
import { ConfigurationError } from '../../core/errors.js'
import { openLocations } from '../../features/sessions/devices.js'
import type { SecurityOptions } from '../../options.js'
import { placeOf } from '../database.js'
import { VARIABLES, type Source } from '../configuration-source.js'
import { ok, problem, type Finding } from './finding.js'

/** Functions are not in an environment; what would read the users table is not asked here. */
const NO_USERS: SecurityOptions['users'] = { findById: () => null, findByEmail: () => null }

/** Reads the options as createSecurity does: complete, or one finding for each thing that is wrong. */
export async function readOptions({
  options,
  kind,
}: Source): Promise<{ config: Configuration | null; findings: Finding[] }> {
  try {
    const given = kind === 'file' ? options : { users: NO_USERS, ...options }
    const config = parseOptions(given as SecurityOptions)
    placeOf(options)
    await openLocations(config.locations)
    return { config, findings: [ok('options', 'complete and well-formed')] }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    const lines = error.message.replace(/^sallyport: /, '').split('\n')
    return { config: null, findings: lines.map((line) => wrong(line.trim(), kind)) }
  }
}

/** Our messages say first what was seen, then what to write. */
function wrong(line: string, kind: Source['kind']): Finding {
  const [seen, ...change] = line.split('; ')
  const variable = VARIABLES[line.split(/[ .]/)[0] as keyof typeof VARIABLES]
  const where = kind === 'environment' && variable ? ` (in the environment: ${variable})` : ''
  return problem('options', seen!, `${change.join('; ') || 'see docs/options.md'}${where}`)
}
