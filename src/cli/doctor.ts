import { ConfigurationFailed } from './configuration-file.js'
import { command, UsageError, type ExitCode } from './command.js'
import { readSource } from './configuration-source.js'
import type { Section } from './doctor/examination.js'
import { examine } from './doctor/examine.js'
import { problem } from './doctor/finding.js'
import { asJson, asText, countOf, harmless } from './doctor/report.js'

const HELP = `Usage: sallyport doctor [--config ./security.config.js] [--url https://app.example.com] [--json] [--strict]

Looks at a configuration and at all that it names: options, database, Redis, mail server, the running app. Says for
each finding what was seen and what to write instead. Changes nothing (but for a key in Redis that lives one second).

Options:
  --config FILE  the module that exports the options of createSecurity. Without it: ORIGIN, SALLYPORT_SECRET,
                 DATABASE_URL, REDIS_URL, SMTP_URL and SALLYPORT_TABLE_PREFIX of the environment
  --url URL      where the app runs, when that is not its origin; it has to answer
  --json         prints { lookedAt, count, findings, notChecked }
  --strict       warnings count as problems
  -h, --help     this text

Exit codes: 0 no problem; 1 a problem (with --strict: or a warning); 2 wrong usage.`

export const doctor = command({
  name: 'doctor',
  summary: 'checks a running configuration and says what to change',
  help: HELP,
  options: {
    config: { type: 'string' },
    url: { type: 'string' },
    json: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
  },
  run: async ({ config, url, json, strict }, terminal): Promise<ExitCode> => {
    if (url !== undefined && !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
      throw new UsageError('--url has to be an address; write --url https://app.example.com')
    const source = await readSource(config, process.env, terminal).catch(failedFile)
    const found = 'name' in source ? [source] : await examine(source, { url, nodeEnv: process.env.NODE_ENV })
    const sections = harmless(found, terminal)
    terminal.print(json ? asJson(sections) : asText(sections, terminal.columns))
    const { warning: warnings, problem: problems } = countOf(sections)
    return problems > 0 || (strict && warnings > 0) ? 1 : 0
  },
})

/** A file that throws is a finding, so that `--json` tells of it too; one that is not there is wrong usage. */
function failedFile(error: unknown): Section {
  if (!(error instanceof ConfigurationFailed)) throw error
  const change = 'let the file run by itself: node <the file>; are the variables set that it reads?'
  return {
    name: 'configuration',
    about: '',
    findings: [problem('configuration_file', error.message, change)],
    notChecked: 'everything else: the file has to run first',
  }
}
