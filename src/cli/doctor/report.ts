import type { Terminal } from '../terminal.js'
import type { Section } from './examination.js'
import type { Finding, Level } from './finding.js'

/** How often each level was found. */
export function countOf(sections: readonly Section[]): Record<Level, number> {
  const count = { ok: 0, warning: 0, problem: 0 }
  for (const { findings } of sections) for (const { level } of findings) count[level] += 1
  return count
}

/** For programs: `{ lookedAt: { configuration, database, ... }, count, findings: [{ section, id, level, seen, change }], notChecked: [{ section, why }] }`. */
export function asJson(sections: readonly Section[]): string {
  const lookedAt = Object.fromEntries(sections.flatMap(({ name, about }) => (about ? [[name, about]] : [])))
  const findings = sections.flatMap(({ name, findings }) => findings.map((finding) => ({ section: name, ...finding })))
  const notChecked = sections.flatMap(({ name, notChecked }) =>
    notChecked ? [{ section: name, why: notChecked }] : [],
  )
  return JSON.stringify({ lookedAt, count: countOf(sections), findings, notChecked }, null, 2)
}

const LABELS: Record<Level, string> = { ok: 'ok', warning: 'WARNING', problem: 'PROBLEM' }
const LABEL = 9

/** For people: each finding on its line, and under it what to write. Reads the same without colour, which it has none of. */
export function asText(sections: readonly Section[], columns: number): string {
  const blocks = sections.map(({ name, about, findings, notChecked }) => {
    const lines = findings.flatMap((finding) => linesOf(finding, columns))
    if (notChecked) lines.push(...wrapped(`${'-'.padEnd(LABEL)}not checked: ${notChecked}`, columns, 2, LABEL))
    return [...wrapped(about ? `${name}: ${about}` : name, columns, 0, 2), ...lines].join('\n')
  })
  const { ok, warning, problem } = countOf(sections)
  return [...blocks, `${amount(problem, 'problem')}, ${amount(warning, 'warning')}, ${ok} ok`].join('\n\n')
}

function linesOf({ id, level, seen, change }: Finding, columns: number): string[] {
  const first = wrapped(`${LABELS[level].padEnd(LABEL)}${id}: ${seen}`, columns, 2, LABEL)
  const arrow = level === 'ok' ? 'hint: ' : '-> '
  return change === null ? first : [...first, ...wrapped(`${arrow}${change}`, columns, 2 + LABEL, arrow.length)]
}

/** Breaks a text between words; every line but the first is `hang` further in. A word is never cut: it may be copied. */
function wrapped(text: string, columns: number, indent: number, hang: number): string[] {
  const label = /^\S+\s{2,}/.exec(text)?.[0] ?? ''
  const lines: string[] = []
  let line = ' '.repeat(indent) + label
  let empty = true
  for (const word of text.slice(label.length).split(' ')) {
    if (!empty && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = ' '.repeat(indent + hang)
      empty = true
    }
    line += empty ? word : ` ${word}`
    empty = false
  }
  return [...lines, line]
}

const amount = (count: number, what: string): string => `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`

/** The sections as they may be printed: what servers said, without secrets and control characters. */
export function harmless(sections: readonly Section[], terminal: Terminal): Section[] {
  const clean = (text: string): string => terminal.harmless(text)
  return sections.map((section) => ({
    ...section,
    about: clean(section.about),
    notChecked: section.notChecked && clean(section.notChecked),
    findings: section.findings.map(({ id, level, seen, change }) => ({
      id,
      level,
      seen: clean(seen),
      change: change && clean(change),
    })),
  }))
}
