import type { Catalogue } from './messages/catalogue.js'
import type { MessageKey, MessageParams } from './messages/keys.js'
import { clockTime, exactTime, relativeTime } from './times.js'

/** The words of a page in the language of whoever reads it. */
export interface Words {
  /** The text of a key: text, not markup. */
  t(key: MessageKey, params?: MessageParams): string
  /** "2 minutes ago", "just now": of what has happened, also where another clock says it is yet to come. */
  ago(iso: string): string
  /** "in 10 minutes". */
  until(iso: string): string
  /** "21 November 2026 at 14:05 UTC". */
  exactly(iso: string): string
  /** "Try again in 12 seconds." */
  waitFor(seconds: number): string
  /** "Firefox on Linux". */
  device(device: { browser: string | null; system: string | null }): string
}

const A_MOMENT_S = 90

export function wordsIn(catalogue: Catalogue, language: string, now: number): Words {
  const t = (key: MessageKey, params?: MessageParams) => catalogue.text(language, key, params)
  return {
    t,
    ago: (iso) => (Date.parse(iso) > now ? null : relativeTime(iso, now, language)) ?? t('time.now'),
    until: (iso) => relativeTime(iso, now, language) ?? t('time.soon'),
    exactly: (iso) => exactTime(iso, language),
    waitFor: (seconds) =>
      seconds <= A_MOMENT_S
        ? t('page.wait.seconds', { count: seconds })
        : t('page.wait.minutes', {
            count: Math.ceil(seconds / 60),
            time: clockTime(now + seconds * 1000, language),
          }),
    device: ({ browser, system }) =>
      browser && system ? t('device.on', { browser, system }) : (browser ?? system ?? t('device.unknown')),
  }
}
