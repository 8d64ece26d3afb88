import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { actionsOf, type EventKind } from '../src/features/audit-log/kinds.js'

// a record, so that the compiler misses a kind that is not here
const KINDS: Record<EventKind, true> = {
  'sign-ins': true,
  password: true,
  factors: true,
  sessions: true,
  account: true,
}

/** The names of the details of each action, as the catalogue declares them: it is a type, so its source is read. */
function declared(): Map<string, string[]> {
  const source = readFileSync('src/core/events.ts', 'utf8')
  const catalogue = /interface EventCatalogue \{\n(.*?)\n\}/s.exec(source)![1]!.replace(/\/\*\*.*?\*\//gs, '')
  const entries = catalogue.split(/^ {2}'(?=auth\.)/m).slice(1)
  return new Map(entries.map((entry) => [entry.split("'")[0]!, named(entry.matchAll(/\b(\w+):/g))]))
}

/** The same of the table: an action may have several rows, and a row several actions. */
function documented(): Map<string, string[]> {
  const rows = readFileSync('docs/audit-log.md', 'utf8').matchAll(/^\| (`auth\.[^|]+) \|[^|]+\|([^|]*)\|$/gm)
  const found = new Map<string, string[]>()
  for (const [, actions, details] of rows)
    for (const [, action] of actions!.matchAll(/`(auth\.\w+)`/g))
      found.set(
        action!,
        named([...(found.get(action!) ?? []).map((name) => ['', name]), ...details!.matchAll(/`(\w+)`/g)]),
      )
  return found
}

const named = (matches: Iterable<readonly (string | undefined)[]>): string[] =>
  [...new Set([...matches].map(([, name]) => name!))].toSorted()

describe('docs/audit-log.md', () => {
  const table = documented()

  it('lists exactly the actions that there are', () => {
    const actions = (Object.keys(KINDS) as EventKind[]).flatMap((kind) => actionsOf(kind))
    assert.ok(actions.length >= 26)
    assert.deepEqual([...table.keys()].toSorted(), actions.toSorted())
  })

  for (const [action, details] of declared())
    it(`names the details of ${action}`, () => assert.deepEqual(table.get(action), details))
})
