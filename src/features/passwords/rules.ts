import type { User } from '../../core/users.js'

export type PasswordRule =
  | 'min_length'
  | 'max_length'
  | 'uppercase'
  | 'lowercase'
  | 'letter'
  | 'number'
  | 'symbol'
  | 'common'
  | 'personal'
  | 'unchanged'

/** A named set of rules. `classic12` is the default; `nist` follows NIST SP 800-63B-4. */
export type PasswordPreset = 'classic12' | 'alnum12' | 'mixed8' | 'nist'

interface Preset {
  length: number
  classes: readonly PasswordRule[]
}

const PRESETS: Record<PasswordPreset, Preset> = {
  classic12: { length: 12, classes: ['uppercase', 'lowercase', 'number', 'symbol'] },
  alnum12: { length: 12, classes: ['letter', 'number'] },
  mixed8: { length: 8, classes: ['uppercase', 'lowercase', 'number', 'symbol'] },
  nist: { length: 15, classes: [] },
}

const CLASS: Partial<Record<PasswordRule, RegExp>> = {
  uppercase: /\p{Lu}/u,
  lowercase: /\p{Ll}/u,
  letter: /\p{L}/u,
  number: /\p{Nd}/u,
  symbol: /[^\p{L}\p{N}\s]/u,
}

const MAX_LENGTH = 256
const NOT_TOO_LONG = new RegExp(`^[^]{0,${MAX_LENGTH}}$`, 'u')
/** Shorter words are parts of too many honest passwords. */
const WORD_LENGTH = 4

export interface RuleSet {
  /** The rules in the order in which a page lists them. */
  readonly rules: readonly PasswordRule[]
  /** The number that a rule names, of characters. */
  countOf(rule: PasswordRule): number
  /** What a password has to match by a rule, for a page that says so while it is typed; null: only the server knows. */
  patternOf(rule: PasswordRule): RegExp | null
  /** The rules that `password` fails. `context` are words it must not contain: name, e-mail, product. */
  failing(password: string, context: readonly string[]): PasswordRule[]
}

export async function passwordRules(preset: PasswordPreset): Promise<RuleSet> {
  const { length, classes } = PRESETS[preset]
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  const common = new Set<string>(dictionary['passwords-common'])
  const failing = (password: string, context: readonly string[]): PasswordRule[] => {
    const size = [...password].length
    if (size > MAX_LENGTH) return ['max_length']
    const failed: PasswordRule[] = size < length ? ['min_length'] : []
    failed.push(...classes.filter((rule) => !CLASS[rule]!.test(password)))
    if (isCommon(password, common)) failed.push('common')
    if (containsWord(password, context)) failed.push('personal')
    return failed
  }
  const patternOf = (rule: PasswordRule) =>
    rule === 'min_length'
      ? new RegExp(`^[^]{${length},}$`, 'u') // not a dot, which wants no line separators
      : rule === 'max_length'
        ? NOT_TOO_LONG
        : (CLASS[rule] ?? null)
  const countOf = (rule: PasswordRule) => (rule === 'max_length' ? MAX_LENGTH : length)
  return { rules: ['min_length', ...classes, 'max_length', 'common', 'personal'], countOf, patternOf, failing }
}

const LEET: Record<string, string> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  $: 's',
  '@': 'a',
  '!': 'i',
}

/** A list word stays one with capitals, with signs around it ("Password1234!") or letters written as figures ("P@ssw0rd"). */
function isCommon(password: string, common: ReadonlySet<string>): boolean {
  const lower = password.toLowerCase()
  const bare = lower.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')
  const core = lower.replace(/^\P{L}+/u, '').replace(/\P{L}+$/u, '')
  const plain = core.replace(/[013457$@!]/g, (sign) => LEET[sign]!)
  if (new Set(lower).size <= 2) return true // "aaaa...", "abab..."
  return [lower, bare, core, plain].some((text) => text.length > 2 && common.has(text))
}

function containsWord(password: string, context: readonly string[]): boolean {
  const lower = password.toLowerCase()
  return context
    .flatMap((text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u))
    .some((word) => word.length >= WORD_LENGTH && lower.includes(word))
}

/** What of a user must not be a part of the password. Top-level domains are no secret of anybody's. */
export const personalWords = (user: Pick<User, 'email' | 'name'>): string[] => [
  user.name,
  user.email.replace(/\.[^.]*$/, ''),
]
