import type { Subject } from './examination.js'
import { ok, problem, warning, type Finding, type Level } from './finding.js'

/** Words that no generator of random text writes, but people and examples do. */
const WORDS =
  /secret|passw|change.?me|changeit|example|replace|placeholder|default|keyboard|qwerty|sallyport|insert|production|develop|session|express|letmein|letters|character/i
/** The fifty most frequent of English; other languages share enough of them. */
const COMMON_PAIRS = new Set(
  'th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se le sa si ar ve ra ld ur ro ri io ic me li ll co ma ne'.split(
    ' ',
  ),
)
const FEWEST_DIFFERENT = 8
const TAKE_OUT = 'take it out of the list as soon as you can: whoever guesses it forges cookies'
const NEW_ONE =
  "write a new one first in the list: secret: [<the output of 'openssl rand -base64 32'>, <the present one>]"

/** What makes a secret guessable, or null. Says nothing that is in it. */
export function weaknessOf(secret: string): { level: Exclude<Level, 'ok'>; why: string } | null {
  if (/^(.{1,16}?)\1+.{0,15}$/s.test(secret)) return { level: 'problem', why: 'is one short text, repeated' }
  const different = new Set(secret).size
  if (different < FEWEST_DIFFERENT) return { level: 'problem', why: `has only ${different} different characters` }
  if (stepShare(secret) > 0.5) return { level: 'problem', why: 'is a sequence, such as 0123456789' }
  if (WORDS.test(secret)) return { level: 'problem', why: 'holds a word that examples and people use' }
  if (looksWritten(secret)) return { level: 'warning', why: 'looks like words, not like random characters' }
  return null
}

/** How many characters follow their neighbour, as in `abcd` and `4321`. */
function stepShare(text: string): number {
  const codes = [...text].map((character) => character.codePointAt(0)!)
  const steps = codes.filter((code, i) => i > 0 && Math.abs(code - codes[i - 1]!) === 1)
  return steps.length / codes.length
}

/** In words every second pair of letters is a common one; in random text, one of fourteen. */
function looksWritten(text: string): boolean {
  if (/^[0-9a-f]+$/i.test(text)) return false
  const pairs = [...text.toLowerCase().matchAll(/(?=([a-z]{2}))/g)].map(([, pair]) => pair!)
  const common = pairs.filter((pair) => COMMON_PAIRS.has(pair)).length
  return common >= 6 && common / pairs.length > 0.35
}

/** Sessions, tokens and keys are as hard to forge as the secret is to guess. */
export function secretsAreRandom({ config }: Subject): Finding {
  const { secret: secrets } = config
  const weak = secrets.map((secret, i) => ({ nth: i + 1, found: weaknessOf(secret) })).find(({ found }) => found)
  if (!weak?.found) return ok('secret_random', `${count(secrets.length)}, 32 characters or more, random by their looks`)
  const which = secrets.length === 1 ? 'the secret' : `secret ${weak.nth} of ${secrets.length}`
  return {
    id: 'secret_random',
    level: weak.found.level,
    seen: `${which} ${weak.found.why}`,
    change: weak.nth === 1 ? NEW_ONE : TAKE_OUT,
  }
}

export function secretsDiffer({ config }: Subject): Finding | null {
  const { secret: secrets } = config
  if (new Set(secrets).size === secrets.length) return null
  return problem('secret_repeated', 'the same secret is listed twice: nothing was rotated', NEW_ONE)
}

/** An old secret is needed as long as what it signed lives: a kept session at most. */
export function oldSecretsAreGone({ config, options }: Subject): Finding | null {
  const old = config.secret.length - 1
  if (old === 0) return null
  const longest = options.sessions?.rememberedAbsolute ?? '30d'
  return warning(
    'secret_old',
    `${old === 1 ? 'an old secret is' : `${old} old secrets are`} still accepted`,
    `when ${longest} have passed since the rotation, and "npx sallyport keys rotate" has run, take ${old === 1 ? 'it' : 'them'} out: secret: <the first one>`,
  )
}

const count = (secrets: number): string => (secrets === 1 ? 'one secret' : `${secrets} secrets`)
