import type { RuleView } from '../../../views/models.js'
import type { RuleSet } from './rules.js'

/** The rules as a page lists them. */
export const ruleViews = (set: RuleSet): RuleView[] =>
  set.rules.map((rule) => ({
    key: `rule.${rule}` as RuleView['key'],
    count: set.countOf(rule),
    pattern: set.patternOf(rule)?.source ?? null,
  }))
