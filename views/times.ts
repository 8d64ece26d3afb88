const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

const MINUTE_MS = 60_000

/** How a language writes times. Made once: Intl takes longer to make one than to use it a hundred times. */
interface Formats {
  relative: Intl.RelativeTimeFormat
  clock: Intl.DateTimeFormat
  exact: Intl.DateTimeFormat
}

const known = new Map<string, Formats>()

function formatsOf(language: string): Formats {
  const found = known.get(language)
  if (found) return found
  const locale = language === 'en' ? 'en-GB' : language // plain "en" is American: AM and PM
  const formats = {
    relative: new Intl.RelativeTimeFormat(language, { numeric: 'auto' }),
    clock: new Intl.DateTimeFormat(locale, { timeStyle: 'short', timeZone: 'UTC' }),
    exact: new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }),
  }
  known.set(language, formats)
  return formats
}

/** "2 minutes ago", "in 2 minutes", by Intl; null where it is less than a minute. */
export function relativeTime(iso: string, now: number, language: string): string | null {
  const seconds = Math.round((Date.parse(iso) - now) / 1000)
  const { relative } = formatsOf(language)
  for (const [unit, size] of STEPS)
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  return null
}

/** "14:05 UTC", the next full minute: whoever waits until then has waited long enough. */
export const clockTime = (at: number, language: string): string =>
  `${formatsOf(language).clock.format(Math.ceil(at / MINUTE_MS) * MINUTE_MS)} UTC`

/** "21 November 2026 at 14:05 UTC": the same for every reader, whatever the server's zone. */
export const exactTime = (iso: string, language: string): string =>
  `${formatsOf(language).exact.format(new Date(iso))} UTC`
