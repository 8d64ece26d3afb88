import type { Configuration } from '../../configuration.js'
import type { GivenOptions } from '../configuration-source.js'
import type { Finding } from './finding.js'

/** What the sections examine. */
export interface Subject {
  /** The options as they were given. */
  options: GivenOptions
  /** The options as createSecurity reads them. */
  config: Configuration
  /** `NODE_ENV`. */
  nodeEnv: string | undefined
  /** Where the app is asked, and whether it has to be there. */
  app: { url: string; demanded: boolean }
}

/** What was found about one part of the configuration. */
export interface Section {
  name: string
  /** What was looked at, e.g. an address without its password. */
  about: string
  findings: Finding[]
  /** Why something was not looked at, or null. */
  notChecked: string | null
}

/** What a section gives back; what it leaves out is empty. */
export type Found = Pick<Section, 'findings'> & Partial<Section>

/** One named check: looks at something that is open, and says what it found; null where it has nothing to say. */
export type Check<T> = (opened: T) => Finding | null | Promise<Finding | null>

/** Runs checks in their order. A check that fails is a finding of `reachable`: it was there a moment ago. */
export async function runChecks<T>(
  checks: readonly Check<T>[],
  opened: T,
  broken: (error: unknown) => Finding,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const check of checks)
    try {
      const finding = await check(opened)
      if (finding) findings.push(finding)
    } catch (error) {
      findings.push(broken(error))
      break
    }
  return findings
}
