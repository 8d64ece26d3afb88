import type { Source } from '../configuration-source.js'
import { CHECKS } from './checks.js'
import type { Section, Subject } from './examination.js'
import { readOptions } from './options.js'
import { examineRedis } from './examine-redis.js'
import { examineApp } from './running-app.js'
import { examineDatabase, examineMail, examineProcesses } from './sections.js'

/** Everything that is looked at beside the options, in its order. */
const SECTIONS = {
  database: examineDatabase,
  redis: examineRedis,
  mail: examineMail,
  app: examineApp,
  processes: examineProcesses,
}

/** Looks at a configuration, and at all that it names. `url` is where the app runs, when that is not its origin. */
export async function examine(
  source: Source,
  { url, nodeEnv }: { url?: string | undefined; nodeEnv: string | undefined },
): Promise<Section[]> {
  const { config, findings } = await readOptions(source)
  const section: Section = { name: 'configuration', about: source.from, findings, notChecked: null }
  if (!config) return [{ ...section, notChecked: 'everything else: the options have to be right first' }]
  const subject: Subject = {
    options: source.options,
    config,
    nodeEnv,
    app: { url: url ?? config.origin, demanded: url !== undefined },
  }
  findings.push(...CHECKS.configuration.flatMap((check) => check(subject) ?? []))
  const sections = [section]
  for (const [name, look] of Object.entries(SECTIONS))
    sections.push({ name, about: '', notChecked: null, ...(await look(subject)) })
  return sections
}
