/** A length of time as text: `'30s'`, `'10m'`, `'12h'`, `'30d'`. Bare numbers do not type-check: nobody knows their unit. */
export type Duration = `${number}${'s' | 'm' | 'h' | 'd'}`

const UNIT = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** The milliseconds of a duration, or null when the text is not one. */
export function durationMs(text: unknown): number | null {
  const match = typeof text === 'string' ? /^([1-9]\d{0,5})([smhd])$/.exec(text) : null
  if (!match) return null
  return Number(match[1]) * UNIT[match[2] as keyof typeof UNIT]
}
